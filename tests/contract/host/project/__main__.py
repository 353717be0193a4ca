"""Declares the devices that scene.json lists: name -> properties.

In a property, `{"secret": X}` is X as a secret and `{"from": [device, output]}` another device's output;
`import` is the id to import.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
from toys import Device

made: dict[str, Device] = {}


def resolve(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"secret"}:
        return pulumi.Output.secret(value["secret"])
    if isinstance(value, dict) and set(value) == {"from"}:
        device, output = value["from"]
        return getattr(made[device], output)
    if isinstance(value, dict):
        return {key: resolve(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item) for item in value]
    return value


for name, device in json.loads(Path("scene.json").read_text()).items():
    import_id = device.pop("import", None)
    made[name] = Device(name, resolve(device), pulumi.ResourceOptions(import_=import_id))

"""Toy devices: JSON files in a directory, the "world". Files beside them say how a device misbehaves.

`<name>.half` it never becomes ready · `<name>.slow` making it takes until someone cancels ·
`<name>.brief` making it takes a second · `<name>.stuck` its driver hangs · `<name>.refuse` it says no ·
`<name>.bug` its driver fails · `<name>.unreachable` it cannot be read.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.errors import DeviceRefused, Unreachable

FIELDS = ("name", "size", "units", "tags", "password")
SLOW_S = 120.0
BRIEF_S = 1.5


def world() -> Path:
    return Path(os.environ["TOYS_WORLD"])


def device_file(name: str) -> Path:
    return world() / f"{name}.json"


def misbehaves(name: str, how: str) -> bool:
    return (world() / f"{name}.{how}").exists()


def log(text: str) -> None:
    with (world() / "log").open("a") as out:
        out.write(f"{text}\n")


def wanted(props: dict[str, Any]) -> dict[str, Any]:
    return {field: props[field] for field in FIELDS if field in props}


class DeviceProvider(ResourceProvider):
    serialize_as_secret_always = False
    secret_properties = ("password", "units")

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        failures = []
        if isinstance(news.get("size"), int | float) and news["size"] < 1:
            failures.append(CheckFailure("size", "size must be 1 or more"))
        if isinstance(news.get("name"), str) and " " in news["name"]:
            failures.append(CheckFailure("name", "a name holds no blanks"))
        return CheckResult(news, failures)

    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        for field in FIELDS:
            if olds.get(field) != news.get(field):
                runtime.difference(f"{field} differs")
        return DiffResult()

    def preview_create(self, props: dict[str, Any]) -> dict[str, Any]:
        return {**wanted(props), "address": f"addr-{props['name']}", "id": f"toys/{props['name']}"}

    def create(self, props: dict[str, Any]) -> CreateResult:
        name = props["name"]
        self._converge(props)
        return CreateResult(f"toys/{name}", self._outs(props))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        name = id_.removeprefix("toys/")
        if misbehaves(name, "unreachable"):
            raise Unreachable(name, "be read", "no answer", "Check its cable.")
        if not device_file(name).exists():
            return ReadResult("", {})
        seen = json.loads(device_file(name).read_text())
        return ReadResult(id_, self._outs(seen), seen)

    def preview_update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        return {**wanted(news), "address": f"addr-{news['name']}"}

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        self._converge(news)
        return UpdateResult(self._outs(news))

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        device_file(props["name"]).unlink(missing_ok=True)
        log(f"delete {props['name']}")

    def _outs(self, props: dict[str, Any]) -> dict[str, Any]:
        name = props["name"]
        return {**wanted(props), "address": f"addr-{name}", "serial": f"serial-{name}"}

    def _converge(self, props: dict[str, Any]) -> None:
        name = props["name"]
        if misbehaves(name, "refuse"):
            raise DeviceRefused(name, "set the size", f"it says no to {props['password']}", "Ask it nicely.")
        if misbehaves(name, "bug"):
            raise ValueError(f"bad password\n{props['password']}")
        if misbehaves(name, "slow"):
            self._wait(name)
        if misbehaves(name, "brief"):
            time.sleep(BRIEF_S)
        if misbehaves(name, "stuck"):
            log(f"stuck {name}")
            time.sleep(SLOW_S)
        there = json.loads(device_file(name).read_text()) if device_file(name).exists() else None
        if there != wanted(props):
            device_file(name).write_text(json.dumps(wanted(props)))
            log(f"write {name}")
        if misbehaves(name, "half"):
            runtime.warn(f"{name} is slow to boot")
            reason = f"{name}: could not boot: no link.\nCheck the cable."
            raise runtime.HalfMade(f"toys/{name}", {"console": "x" * 300_000}, [reason])
        token = runtime.stack_config().get("toys:token")
        log(f"token {token == 'planted-token'} {bool(os.environ.get('PULUMI_CONFIG', '').count('planted'))}")

    def _wait(self, name: str) -> None:
        log(f"waiting {name} {os.getpid()}")
        runtime.info_status(f"waiting for {name}")
        deadline = Deadline.after(SLOW_S, runtime.CANCELLED)
        while not deadline.over():
            deadline.pause(deadline.left_s())
        log(f"stopped {name}")
        raise runtime.HalfMade(f"toys/{name}", {}, [f"{name}: stopped by the operator"])


class Device(pulumi.dynamic.Resource, module="piston", name="ToyDevice"):
    address: pulumi.Output[str]
    serial: pulumi.Output[str]

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            DeviceProvider(), name, {"name": name, "address": None, "serial": None, **props}, opts
        )


runtime.register("ToyDevice", DeviceProvider)

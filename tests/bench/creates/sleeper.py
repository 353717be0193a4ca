"""A resource whose creation takes one second and does nothing: what remains is the host's own cost."""

from __future__ import annotations

import time
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

CREATE_S = 1.0


class SleeperProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        time.sleep(CREATE_S)
        return CreateResult(f"bench/{props['name']}", {"name": props["name"]})


class Sleeper(Resource, module="piston", name="Sleeper"):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SleeperProvider(), name, {"name": name}, opts)

"""Every resource that a site becomes, with its inputs, as the program makes them; no engine, no device."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.rpc import unwrap_rpc_secret

from piston_iac.dynamic_providers.converging import Inputs
from piston_iac.dynamic_providers.ownership import OWNERS
from piston_iac.dynamic_providers.ownership.terms import Ownership
from piston_iac.micro_os.release import IMAGE, Manifest, ReleaseFile
from piston_iac.program.graph import build
from piston_iac.site.load import load_file

_STACKS = Path(__file__).parents[3] / "stacks"
_MODULE = "pulumi-python:dynamic/piston:"


@dataclass(frozen=True)
class Made:
    """One resource: its name in the stack, its row of the table, its inputs."""

    name: str
    owner: Ownership[Any]
    inputs: Inputs


@dataclass
class _Engine(Mocks):
    made: list[Made] = field(default_factory=list)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ.startswith(_MODULE):
            owner = next(it for it in OWNERS if it.resource == args.typ.removeprefix(_MODULE))
            values = {key: unwrap_rpc_secret(value) for key, value in args.inputs.items()}
            del values["__provider"]
            self.made.append(Made(args.name, owner, owner.provider.model.model_validate(values)))
        return args.name, dict(args.inputs)

    def call(self, args: MockCallArgs) -> Any:
        raise AssertionError(f"the program calls {args.token}")


@cache
def resources_of(stack: str) -> tuple[Made, ...]:
    """What `program.graph` makes of that stack file."""
    site = load_file(_STACKS / f"Pulumi.{stack}.yaml")
    engine = _Engine()
    set_mocks(engine, project="piston-iac", stack=site.name)
    manifest = Manifest(site.release, "", {IMAGE: ReleaseFile("0" * 64, 1)})

    @pulumi.runtime.test
    def program() -> None:
        build(site, manifest)

    program()
    return tuple(sorted(engine.made, key=lambda it: it.name))

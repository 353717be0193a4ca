"""A status looks at exactly what the graph makes: same names, kinds and inputs."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from piston_iac.program.graph import build
from piston_iac.status.declared import declared
from tests.unit.status.rack import DECLARED, MANIFEST, SITE

# How the engine's protocol marks a secret value.
_SECRET = "4dabf18193072939515e22adb298388d"


def _opened(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and _SECRET in value else value


class Engine(mocks.Mocks):
    """Takes every resource as it is registered."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, dict[str, Any]]] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = {key: _opened(value) for key, value in args.inputs.items()}
        self.made[args.name] = (args.typ.rpartition(":")[2], inputs)
        return args.name, args.inputs

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(args.token)


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[str, dict[str, Any]]]:
    engine = Engine()
    mocks.set_mocks(engine, project="piston", stack="lab")

    @pulumi.runtime.test
    def program() -> None:
        build(SITE, MANIFEST)

    program()
    return engine.made


def test_what_is_looked_at_is_what_the_graph_makes(made: dict[str, tuple[str, dict[str, Any]]]) -> None:
    assert {it.name: it.kind for it in DECLARED} == {name: kind for name, (kind, _) in made.items()}


def test_it_is_compared_with_what_the_graph_wants(made: dict[str, tuple[str, dict[str, Any]]]) -> None:
    for it in DECLARED:
        assert {key: made[it.name][1].get(key) for key in it.inputs.props()} == it.inputs.props(), it.name


def test_without_the_release_all_else_is_looked_at() -> None:
    kinds = {it.kind for it in DECLARED} - {it.kind for it in declared(SITE, None)}
    assert kinds == {"BootNode", "BootImage"}

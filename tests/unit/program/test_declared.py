"""What a site declares, what each of it waits for, and that the engine is told just that."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import mocks

from piston_iac.program.declared import declared
from piston_iac.program.graph import build
from piston_iac.site.schema import Cloud
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


def test_all_that_is_declared_is_made(made: dict[str, tuple[str, dict[str, Any]]]) -> None:
    assert {it.name: it.kind for it in DECLARED} == {name: kind for name, (kind, _) in made.items()}


def test_it_is_made_with_what_it_is_compared_with(made: dict[str, tuple[str, dict[str, Any]]]) -> None:
    for it in DECLARED:
        assert {key: made[it.name][1].get(key) for key in it.inputs.props()} == it.inputs.props(), it.name


def test_each_comes_after_what_it_waits_for() -> None:
    names = [it.name for it in DECLARED]
    for at, it in enumerate(DECLARED):
        assert set(it.after) <= set(names[:at]), it.name


def test_nobody_waits_for_a_node_that_may_be_dead() -> None:
    whose = {it.name: it.node for it in DECLARED}
    for it in DECLARED:
        assert {whose[name] for name in it.after} <= {"", it.node}, it.name


def test_only_what_we_come_in_by_stays() -> None:
    assert [it.name for it in DECLARED if it.stays] == [f"management-vlan{SITE.networks.management.vid}"]


def test_without_the_release_all_else_is_looked_at() -> None:
    kinds = {it.kind for it in DECLARED} - {it.kind for it in declared(SITE, None)}
    assert kinds == {"BootNode", "BootImage"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the stack exports."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(pulumi, "export", found.__setitem__)
    mocks.set_mocks(Engine(), project="piston", stack="lab")
    return found


def test_a_cloud_tells_its_users_where_it_is(told: dict[str, Any]) -> None:
    site = SITE.model_copy(update={"cloud": Cloud()})

    @pulumi.runtime.test
    def program() -> pulumi.Output[None]:
        build(site, MANIFEST)

        def is_hidden(text: str) -> None:
            assert yaml.safe_load(text)["clouds"].keys() == {"lab"}

        return told["cloudsYaml"].apply(is_hidden)  # type: ignore[no-any-return]

    program()
    secret = asyncio.run(_is_secret(told["cloudsYaml"]))
    assert (secret, told["publicNetwork"], told["dashboardUrl"]) == (True, "public", "https://10.30.20.10/")
    assert told["cloudCa"].startswith("-----BEGIN CERTIFICATE-----")


async def _is_secret(output: pulumi.Output[Any]) -> bool:
    return await output.is_secret()


def test_a_site_without_a_cloud_has_nothing_to_tell_of_one(told: dict[str, Any]) -> None:
    @pulumi.runtime.test
    def program() -> None:
        build(SITE.model_copy(update={"cloud": None}), MANIFEST)

    program()
    assert told.keys() == {"nodes", "bootNode"}


def test_what_all_projects_find_waits_for_the_services_that_give_it() -> None:
    made = declared(SITE.model_copy(update={"cloud": Cloud()}), MANIFEST)
    defaults = next(it for it in made if it.kind == "CloudDefaults")
    assert set(defaults.after) == {"neutron", "nova", "cinder", "glance"}
    nova = next(it for it in made if it.name == "nova").inputs.props()
    assert nova["nodes"].keys() == SITE.nodes.keys()
    assert len(nova["agents"]) == 2 * 3 + len(SITE.nodes)


def test_no_node_is_told_anything_that_the_cloud_would_not_survive() -> None:
    made = declared(SITE.model_copy(update={"cloud": Cloud()}), MANIFEST)
    first = next(it for it in made if it.kind == "Preconditions")
    assert first.after == ()
    assert all(first.name in it.after for it in made if it.kind == "BareMetalNode")
    alone = declared(SITE.model_copy(update={"cloud": None, "control_plane": None}), MANIFEST)
    assert "Preconditions" not in {it.kind for it in alone}

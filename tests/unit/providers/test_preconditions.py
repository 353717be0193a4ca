"""What is refused before any node is told of it: Preconditions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.preconditions import PreconditionsInputs, PreconditionsProvider
from tests.unit.plan.cloud.fake_cloud import FakeCloud
from tests.unit.providers.fake_openstack import FakeOpenStack
from tests.unit.providers.realities import Silent, put_in_place
from tests.unit.providers.site_resources import resources_of

INPUTS = next(it.inputs for it in resources_of("example") if it.name == "preconditions")
assert isinstance(INPUTS, PreconditionsInputs)
PROPS = INPUTS.props()
Open = Callable[[FakeCloud], FakeOpenStack]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Has the provider ask that cloud."""

    def open_it(cloud: FakeCloud) -> FakeOpenStack:
        driver = FakeOpenStack(cloud)
        put_in_place(monkeypatch, "Preconditions", driver)
        return driver

    return open_it


CEPH = {**PROPS, "rootDisks": "ceph"}
LOCAL = {"id": "m-1", "name": "web", "image": {"id": "i"}}


def test_root_disks_may_be_elsewhere_while_nobody_has_one(opened: Open) -> None:
    cloud = FakeCloud()
    opened(cloud)
    cloud.servers.append({"id": "m-2", "name": "db", "image": ""})
    assert PreconditionsProvider().check(PROPS, CEPH).failures == []


def test_machines_that_would_stay_behind_are_named(opened: Open) -> None:
    cloud = FakeCloud()
    opened(cloud)
    cloud.servers += [{**LOCAL, "id": f"m-{number}"} for number in range(5)]
    (failure,) = PreconditionsProvider().check(PROPS, CEPH).failures
    assert failure.property == "rootDisks"
    assert failure.reason.startswith(
        "5 virtual machine(s) have their root disks on their nodes and would not start again: "
        "m-0, m-1, m-2 and 2 more."
    )
    (back,) = PreconditionsProvider().check(CEPH, PROPS).failures
    assert "in the cluster storage" in back.reason
    assert PreconditionsProvider().check(PROPS, PROPS).failures == []


def test_a_cloud_stays_while_there_are_machines(opened: Open) -> None:
    cloud = FakeCloud()
    opened(cloud)
    without = {name: it for name, it in PROPS.items() if name != "rootDisks"}
    assert PreconditionsProvider().check(PROPS, without).failures == []
    assert PreconditionsProvider().check(without, without).failures == []
    cloud.servers.append(LOCAL)
    (failure,) = PreconditionsProvider().check(PROPS, without).failures
    assert "1 virtual machine(s) have their root disks on their nodes" in failure.reason


def test_without_nova_nobody_knows_who_would_stay_behind(opened: Open) -> None:
    opened(FakeCloud()).away[layout.NOVA_PORT] = 1
    (failure,) = PreconditionsProvider().check(PROPS, CEPH).failures
    assert "status 503" in failure.reason


def test_at_an_install_there_is_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(monkeypatch, "Preconditions", Silent())
    assert PreconditionsProvider().check({}, CEPH).failures == []
    assert "unreachable" not in str(PreconditionsProvider().create(CEPH).outs)


def test_when_nobody_answers_they_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(monkeypatch, "Preconditions", Silent())
    (failure,) = PreconditionsProvider().check(PROPS, CEPH).failures
    assert failure.reason.startswith("nobody tells which machines there are: ")


def test_a_plan_says_what_becomes_of_machines_whose_node_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(runtime, "of_the_site", told.append)
    PreconditionsProvider().read("example/preconditions", PROPS)
    assert "LOST" in told[0]


def test_hosts_that_would_break_it_by_leaving_are_all_named() -> None:
    hosts = PROPS["controlHosts"]
    news = {**PROPS, "controlHosts": [*hosts[1:], "n9"], "ovnHosts": [PROPS["ovnHosts"][0], "n8", "n9"]}
    failures = PreconditionsProvider().check(PROPS, news).failures
    assert [it.property for it in failures] == ["controlHosts", "ovnHosts"]
    assert f"{hosts[0]} would leave the control plane" in failures[0].reason
    assert "would leave at once" in failures[1].reason


def test_without_a_cloud_a_plan_has_nothing_to_say_of_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(runtime, "of_the_site", told.append)
    PreconditionsProvider().read("example/preconditions", {**PROPS, "rootDisks": None})
    assert told == []

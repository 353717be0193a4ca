"""How a service's agents are brought up: whom it waits for, and what it does not wait for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import Login
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.agents_deploy import AgentsDeploy
from piston_iac.errors import DeviceRefused, TimedOut, Unreachable
from piston_iac.plan.cloud import agents
from piston_iac.plan.cloud.api_call import Answer, Call
from piston_iac.trust.secret import Secret
from tests.unit.plan.cloud.samples import nova_service
from tests.unit.plan.cloud.test_agents import CONTROL, HERE, NODES, REPORTS, WANTED

HOSTS = [nova_service(node, name) for node in CONTROL for name in agents.COMPUTE.control]


class Plane:
    """A control plane in memory. `looks`: what Nova tells at each look, the last one for ever."""

    def __init__(self, *looks: list[dict[str, Any]] | None) -> None:
        self.looks = list(looks)
        self.done: list[str] = []
        self.refusal = ""
        self.lost = 0
        self.reports: list[Any] = [REPORTS]

    def ask(self, login: Login, calls: Sequence[Call], deadline: object) -> tuple[Answer, ...]:
        told = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if told is None:
            raise Unreachable("Keystone", "ask", "no answer", "Wait.")
        return (Answer(200, {"services": [*HOSTS, *told]}) if told else Answer(503, {}),)

    def node_reports(self, deadline: object) -> object:
        return self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]

    def change(self, login: Login, calls: Sequence[Call], deadline: object) -> None:
        self.done += [f"{it.method} {it.path}" for it in calls]
        self.lost -= 1
        if self.lost >= 0:
            raise Unreachable("the cloud", "do it", "status 503", "")
        if self.refusal:
            raise DeviceRefused("the cloud", "do it", self.refusal, "")

    def apply(self, node: str, deadline: object) -> None:
        self.done.append(f"apply {node}")


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(runtime, "warn", told.append)
    return told


def deploy(plane: Plane, settle_s: float = 30.0) -> Plane:
    login = Login("admin", Secret("secret"))
    driver: Any = plane
    AgentsDeploy(driver, login, "nova", agents.COMPUTE, tuple(WANTED), settle_s, settle_s / 2, 0.0).run()
    return plane


def computes(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    names = (*NODES, *(changes.keys() - set(NODES)))
    return [nova_service(node, "nova-compute", **changes.get(node, {})) for node in names]


def test_what_works_is_let_be() -> None:
    assert deploy(Plane(computes())).done == []


def test_a_service_that_does_not_tell_yet_is_waited_for() -> None:
    assert deploy(Plane(None, [], computes())).done == []


def test_a_node_applies_its_document_once_however_long_it_takes() -> None:
    down = computes(n4={"state": "down"})
    assert deploy(Plane(down, down, down, computes())).done == ["apply n4"]


def test_what_was_switched_off_is_switched_on_once() -> None:
    off = computes(n4={"status": "disabled"})
    done = deploy(Plane(off, off, computes())).done
    assert done == ["PUT /v2.1/os-services/nova-compute of n4"]


BUSY = {**REPORTS, "n4": replace(HERE, phase="applying")}


def test_a_node_that_was_just_told_something_is_mended_when_it_is_through() -> None:
    off = computes(n4={"status": "disabled"})
    plane = Plane(off, off, off, computes())
    plane.reports = [BUSY, BUSY, REPORTS]
    assert deploy(plane).done == ["PUT /v2.1/os-services/nova-compute of n4"]


def test_one_that_applies_for_long_joins_by_itself(warned: list[str]) -> None:
    plane = Plane(computes(n4={"state": "down"}))
    plane.reports = [BUSY]
    assert deploy(plane, settle_s=0.1).done == []
    assert warned == []


def test_a_call_that_was_lost_is_made_again() -> None:
    off = computes(n4={"status": "disabled"})
    plane = Plane(off, off, off, computes())
    plane.lost = 1
    assert deploy(plane).done == ["PUT /v2.1/os-services/nova-compute of n4"] * 2


def test_one_that_does_not_come_is_warned_of_and_stops_nothing(warned: list[str]) -> None:
    deploy(Plane(computes(n4={"state": "down"})), settle_s=0.05)
    (line,) = warned
    assert line.startswith("nova: n4 nova-compute (down); the others work.")


def test_time_that_runs_out_while_it_decides_is_a_warning_too(
    warned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for settle_s in range(1, 12):
        ticks = itertools.count()  # each look at the clock takes a second
        monkeypatch.setattr(Deadline, "after", lambda s, cancelled=None, t=ticks: Deadline(s, t.__next__))
        deploy(Plane(computes(n4={"state": "down"})), settle_s=settle_s)
    assert len(warned) == 11


def test_without_one_that_works_the_service_is_not_ready() -> None:
    none = computes(**{node: {"state": "down"} for node in NODES})
    with pytest.raises(TimedOut, match="n1 nova-compute"):
        deploy(Plane(none), settle_s=0.05)


def test_a_record_that_cannot_be_removed_is_warned_of(warned: list[str]) -> None:
    plane = Plane(computes(n9={"state": "down"}))
    plane.refusal = "Unable to delete compute service that is hosting instances."
    assert deploy(plane).done == ["DELETE /v2.1/os-services/nova-compute of n9"]
    (line,) = warned
    assert "hosting instances" in line


def test_one_of_no_node_of_the_site_that_works_is_warned_of(warned: list[str]) -> None:
    assert deploy(Plane(computes(n9={}))).done == []
    (line,) = warned
    assert "n9 nova-compute works" in line

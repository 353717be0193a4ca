"""OVN's databases: what a plan says of them, and the next step toward what is wanted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.actions import Apply, Attempt, Bootstrap, Done, Fail, FinishPermit, Permit, Wait
from piston_iac.plan.cloud.member_service import ABSENT, RUNNING, STOPPED, unlooked
from piston_iac.plan.cloud.moves import any_leaves, too_many_leave
from piston_iac.plan.cloud.ovn import (
    MEMBER,
    OvnLook,
    OvnMember,
    cluster_ids,
    parse,
    seen_fields,
    wanted_fields,
)
from piston_iac.plan.cloud.ovn_steps import DropStrangers, Look, next_step
from tests.unit.plan.cloud.samples import MEMBERS, ovn_look, ovn_looks
from tests.unit.plan.test_node_steps import READY

FINISHED = Permit("n1", "finished")
STRANGER = "10.64.20.19"


def host(state: str) -> NodeReport:
    return replace(READY, uplink="up", services={layout.OVN: state})


def look(state: str = RUNNING, permit: Permit | None = FINISHED, **hosts: NodeReport | None) -> Look:
    reports: dict[str, NodeReport | None] = {**{node: host(state) for node in MEMBERS}, **hosts}
    looks = ovn_looks(True) if state == RUNNING else dict.fromkeys(MEMBERS)
    return Look(reports, {node: looks[node] if reports[node] else None for node in MEMBERS}, permit)


def step(seen: Look, attempt: Attempt | None = None) -> object:
    return next_step(MEMBERS, seen, attempt or Attempt())


def states(of_n2: OvnLook | None) -> dict[str, str]:
    found: dict[str, str] = seen_fields(MEMBERS, {**ovn_looks(True), "n2": of_n2}, {})["states"]
    return found


def test_all_well_is_no_line() -> None:
    assert seen_fields(MEMBERS, ovn_looks(True), {}) == wanted_fields(MEMBERS)
    assert unlooked(layout.OVN, look().reports, ovn_looks(True)) == ""


def test_a_host_that_reports_and_tells_nothing_of_the_service_is_a_line() -> None:
    seen = look(n3=None)
    looks = {**ovn_looks(True), "n2": None, "n3": None}
    line = f"unreachable: n2: no answer to what is seen there of {layout.OVN}"
    assert unlooked(layout.OVN, seen.reports, looks) == line
    # A node whose document knows nothing of it yet is not asked.
    assert unlooked(layout.GALERA, seen.reports, looks) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fault": "no answer"}, "OVN_Southbound stopped"),
        ({"status": "joining cluster"}, "OVN_Southbound: joining cluster"),
        ({"leader": ""}, "OVN_Southbound without a leader"),
        (
            {"members": (*MEMBERS.values(), MEMBERS["n3"])},
            f"OVN_Southbound has members that are gone: {MEMBERS['n3']}",
        ),
        (
            {"members": (*MEMBERS.values(), STRANGER)},
            f"OVN_Southbound has members that are gone: {STRANGER}",
        ),
    ],
)
def test_one_fault_of_one_host_is_one_line(change: dict[str, str], said: str) -> None:
    well = ovn_look()
    broken = {**well, layout.SB: replace(well[layout.SB], **change)}  # type: ignore[arg-type]
    assert states(broken) == {"n1": MEMBER, "n2": said, "n3": MEMBER}


def test_a_host_that_gives_no_answer_keeps_its_last_state() -> None:
    before = wanted_fields(MEMBERS)
    assert seen_fields(MEMBERS, {**ovn_looks(True), "n2": None}, before) == {**before, "awaits": ["n2"]}


def test_what_the_program_prints_is_read() -> None:
    member = {"cluster": "c", "status": "cluster member", "leader": "ab12", "members": ["10.64.20.11"]}
    read = parse({layout.NB: member, layout.SB: {"fault": "no answer"}})
    assert read[layout.NB] == OvnMember("c", "cluster member", "ab12", ("10.64.20.11",))
    assert read[layout.SB].fault == "no answer"
    with pytest.raises(ValueError, match="does not fit"):
        parse({layout.NB: member})


def test_the_ids_are_those_of_joined_members() -> None:
    assert cluster_ids(ovn_looks(True)) == f"id of {layout.NB} id of {layout.SB}"
    assert cluster_ids({"n1": ovn_looks(False)["n1"]}) == ""


def test_with_nothing_anywhere_one_host_makes_them_when_a_majority_is_ready() -> None:
    empty = look(ABSENT, None)
    assert step(empty) == Bootstrap("n1")
    assert step(replace(empty, permit=Permit("n2", "issued"))) == Bootstrap("n2")
    alone = look(ABSENT, None, n2=None, n3=None)
    assert isinstance(step(alone), Wait)
    assert isinstance(step(replace(alone, given_up=frozenset({"n2", "n3"}))), Fail)


def test_they_are_never_made_a_second_time() -> None:
    assert isinstance(step(look(ABSENT, FINISHED)), Fail)
    assert isinstance(step(look(ABSENT, None), Attempt(born="ids")), Fail)
    assert isinstance(step(look(ABSENT, FINISHED, n2=None)), Wait)


def test_a_host_that_may_have_made_them_is_waited_for() -> None:
    away = look(ABSENT, Permit("n1", "used"), n1=None)
    assert isinstance(step(away), Wait)
    assert isinstance(step(replace(away, given_up=frozenset({"n1"}))), Fail)


def test_a_permit_is_closed_once_they_run() -> None:
    assert step(look(permit=Permit("n1", "used"))) == FinishPermit()


def test_what_is_stopped_starts_and_what_is_absent_joins() -> None:
    seen = look(n2=host(STOPPED), n3=host(ABSENT))
    assert step(seen) == Apply(("n2", "n3"), "start OVN's databases on n2, n3")
    assert isinstance(step(replace(seen, looks=ovn_looks(False)), Attempt({"n2": 3, "n3": 3})), Wait)


def test_a_host_that_is_away_keeps_nobody_from_it() -> None:
    assert isinstance(step(look(n3=None)), Wait)
    given_up = replace(look(n3=None), given_up=frozenset({"n3"}))
    assert step(given_up) == Done(("n3 holds none of OVN's databases yet",))


def test_members_that_left_are_dropped_when_the_newcomers_are_in() -> None:
    more = ovn_look(addresses=(*MEMBERS.values(), STRANGER))
    whole = replace(look(), looks=dict.fromkeys(MEMBERS, more))
    assert step(whole) == DropStrangers("n1")
    joining = {schema: replace(it, status="joining cluster") for schema, it in more.items()}
    assert isinstance(step(replace(whole, looks={**whole.looks, "n3": joining})), Wait)
    assert isinstance(step(whole, Attempt({"n1": 3})), Wait)


def test_a_majority_has_to_stay() -> None:
    assert too_many_leave({}, MEMBERS) == ""
    assert too_many_leave(MEMBERS, {"n1": "", "n2": "", "n4": ""}) == ""
    assert "n2, n3 would leave at once" in too_many_leave(MEMBERS, {"n1": "", "n4": "", "n5": ""})
    assert too_many_leave({"n1": ""}, {"n1": "", "n2": "", "n3": ""}) == ""
    assert any_leaves(MEMBERS, MEMBERS) == ""
    assert "n3 would leave" in any_leaves(MEMBERS, {"n1": "", "n2": "", "n4": ""})

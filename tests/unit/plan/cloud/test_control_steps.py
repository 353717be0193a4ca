"""The next step of the control plane, from nothing to settled, and after losses."""

from __future__ import annotations

from dataclasses import replace

from piston_iac import cloud_layout as layout
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.actions import Apply, Attempt, Bootstrap, Done, Fail, FinishPermit, Permit, Wait
from piston_iac.plan.cloud.member_service import ABSENT, RUNNING, STOPPED
from piston_iac.plan.cloud.seen import Certificate, DatabaseMember, HostLook, QueueMember
from piston_iac.plan.cloud.steps import (
    STORES,
    GrowQueues,
    Look,
    ReloadBalancer,
    Revive,
    balancer_of,
    next_step,
    queues_of,
)
from tests.unit.plan.cloud.samples import CLUSTER, MEMBERS, WANTED, control_plane_looks, host_look
from tests.unit.plan.test_node_steps import READY

FINISHED = Permit("n1", "finished")
IN_THE_DARK = DatabaseMember(False, "Initialized", "non-Primary", CLUSTER, 1, f"{CLUSTER}:5")


def host(state: str) -> NodeReport:
    return replace(READY, uplink="up", services=dict.fromkeys(STORES, state))


def whole(**changes: NodeReport | None) -> Look:
    reports: dict[str, NodeReport | None] = {node: host(RUNNING) for node in MEMBERS}
    return Look({**reports, **changes}, control_plane_looks(True), FINISHED)


def dark(**positions: str) -> Look:
    looks: dict[str, HostLook | None] = {
        node: replace(
            host_look(node), database=replace(IN_THE_DARK, position=positions.get(node, f"{CLUSTER}:5"))
        )
        for node in MEMBERS
    }
    return replace(whole(), looks=looks)


def step(look: Look, attempt: Attempt | None = None) -> object:
    return next_step(WANTED, look, attempt or Attempt())


def test_a_control_plane_as_wanted_needs_nothing() -> None:
    assert step(whole()) == Done(())


def test_with_nothing_anywhere_the_first_host_makes_it() -> None:
    empty = Look({node: host(ABSENT) for node in MEMBERS}, dict.fromkeys(MEMBERS), None)
    assert step(empty) == Bootstrap("n1")


def test_it_is_not_made_without_a_majority_of_hosts() -> None:
    alone = Look({"n1": host(ABSENT), "n2": None, "n3": None}, dict.fromkeys(MEMBERS), None)
    assert isinstance(step(alone), Wait)
    assert isinstance(step(replace(alone, given_up=frozenset({"n2", "n3"}))), Fail)


def test_it_is_never_made_a_second_time() -> None:
    empty = Look({node: host(ABSENT) for node in MEMBERS}, dict.fromkeys(MEMBERS), FINISHED)
    assert isinstance(step(empty), Fail)
    assert isinstance(step(replace(empty, permit=None), Attempt(born=CLUSTER)), Fail)


def test_a_host_that_may_have_made_it_is_waited_for() -> None:
    reports = {"n1": None, "n2": host(ABSENT), "n3": host(ABSENT)}
    look = Look(reports, dict.fromkeys(MEMBERS), Permit("n1", "used"))
    assert isinstance(step(look), Wait)
    assert isinstance(step(replace(look, given_up=frozenset({"n1"}))), Fail)


def test_what_was_cut_short_is_completed_by_the_same_host() -> None:
    half = replace(READY, uplink="up", services={**dict.fromkeys(STORES, RUNNING), layout.RABBITMQ: ABSENT})
    look = replace(whole(n1=half), permit=Permit("n1", "used"))
    assert step(look) == Bootstrap("n1")
    assert step(replace(whole(), permit=Permit("n1", "used"))) == FinishPermit()


def test_what_is_stopped_is_started() -> None:
    assert step(whole(n2=host(STOPPED))) == Apply(("n2",), "start the control plane on n2")


def test_a_wiped_host_joins() -> None:
    assert step(whole(n3=host(ABSENT))) == Apply(("n3",), "n3: join the control plane")
    assert not isinstance(step(whole(n3=host(ABSENT)), Attempt(told={"n3": 3})), Apply)


def test_a_host_that_is_away_keeps_nobody_from_it() -> None:
    looks = {**control_plane_looks(True), "n3": None}
    look = replace(whole(n3=None), looks=looks)
    assert isinstance(step(look), Wait)
    assert step(replace(look, given_up=frozenset({"n3"}))) == Done(
        ("n3 takes no part in the control plane yet",)
    )


def test_after_an_outage_galera_is_let_find_its_members_first() -> None:
    assert isinstance(step(dark()), Wait)


def test_when_it_does_not_the_one_with_most_begins() -> None:
    look = replace(dark(n2=f"{CLUSTER}:9", n3="nonsense"), stalled=True)
    assert step(look) == Revive("n2")


def test_nobody_begins_while_a_host_is_away_that_may_have_more() -> None:
    look = replace(dark(), stalled=True, reports={**whole().reports, "n2": None})
    assert isinstance(step(look), Wait)
    assert isinstance(step(replace(look, given_up=frozenset({"n2"}))), Fail)


def test_while_no_database_starts_it_is_told_what_they_log() -> None:
    dead = DatabaseMember(fault="the database refuses", logged="unknown variable 'x=1'")
    look = dark()
    look = replace(look, looks={**look.looks, "n2": replace(host_look("n2"), database=dead)})
    told = "; n2 logs: unknown variable 'x=1'"
    assert step(look) == Wait(f"the database on n1, n2, n3 to find its members{told}")
    away = replace(look, reports={**look.reports, "n3": None}, looks={**look.looks, "n3": None})
    waited, refused = step(away), step(replace(away, given_up=frozenset({"n3"})))
    assert isinstance(waited, Wait)
    assert waited.what.endswith(told)
    assert isinstance(refused, Fail)
    assert refused.cause.endswith(told)


def changed(node: str, **changes: object) -> Look:
    looks = {**control_plane_looks(True), node: replace(host_look(node), **changes)}  # type: ignore[arg-type]
    return replace(whole(), looks=looks)


def test_a_balancer_that_somebody_changed_in_memory_takes_its_files_again_once() -> None:
    for look in (
        changed("n2", out=("glance/n3 MAINT",)),
        changed("n2", certificate=Certificate("another", "2060-01-01", 9999)),
    ):
        assert step(look) == ReloadBalancer(("n2",))
        assert isinstance(step(look, Attempt(told={balancer_of("n2"): 1})), Wait)


def test_a_queue_that_lacks_a_copy_gets_one_once() -> None:
    look = changed("n2", queues=replace(host_look("n2").queues, short=("q",)))
    assert step(look) == GrowQueues(("n1", "n2", "n3"))
    assert isinstance(step(look, Attempt(told={queues_of(node): 1 for node in MEMBERS})), Wait)
    # A member that is away comes first.
    away = replace(look, looks={**look.looks, "n3": replace(host_look("n3"), queues=QueueMember(fault="x"))})
    assert isinstance(step(away), Wait)

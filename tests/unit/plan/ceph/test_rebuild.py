"""When the mon stores may be made anew from the OSDs, and from which."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.nodes import Reports
from piston_iac.plan.ceph.rebuild import Rebuild, Refusal, plan_rebuild

from .rack import FSID, OTHER, rack, wanted

FIVE = ("n1", "n2", "n3", "n4", "n5")


def lost(silent: tuple[str, ...] = (), **changed: NodeReport) -> Reports:
    """A rack whose OSDs are there and whose mon stores are gone."""
    it = rack(*FIVE)
    for number, node in enumerate(FIVE):
        it.nodes[node].disk = f"osd:{FSID}/uuid-{number}/{number}"
        it.nodes[node].answers = node not in silent
    return {**it.look().reports, **changed}


def report(node: str) -> NodeReport:
    found = lost()[node]
    assert found is not None
    return found


def reasons(reports: Reports, *without: str) -> tuple[str, ...]:
    planned = plan_rebuild(wanted(*FIVE), reports, without)
    assert isinstance(planned, Refusal), planned
    return planned.reasons


def test_all_osds_are_read_and_the_first_mon_host_gets_the_store():
    every = {node: (number,) for number, node in enumerate(FIVE)}
    assert plan_rebuild(wanted(*FIVE), lost(), ()) == Rebuild("n1", every, ())


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_whole_store_is_never_written_off(state: str):
    whole = replace(report("n2"), services={**report("n2").services, "ceph-mon": state})
    for without in ((), ("n2",)):
        (reason,) = reasons(lost(n2=whole), *without)
        assert f"mon host n2 has a whole mon store ({state})" in reason


def test_who_does_not_answer_has_to_be_named():
    silent = lost(("n2", "n5"))
    assert reasons(silent) == (
        "mon host n2 does not answer, and may have a whole mon store",
        "OSD host n5 does not answer, and may have the newest maps",
    )
    assert len(reasons(silent, "n2")) == 1
    planned = plan_rebuild(wanted(*FIVE), silent, ("n5", "n2"))
    assert planned == Rebuild("n1", {"n1": (0,), "n3": (2,), "n4": (3,)}, ("n2", "n5"))


def test_a_mon_host_that_cannot_know_is_no_proof():
    blind = replace(report("n1"), mirror=replace(report("n1").mirror, state="absent"))
    new = replace(report("n2"), services={}, phase="waiting")
    busy = replace(report("n3"), phase="applying", progress="makes the mirror")
    assert reasons(lost(n1=blind, n2=new, n3=busy)) == (
        "mon host n1 has no local mirror mounted, which may hold a whole mon store",
        "mon host n2 has not applied its document (waiting)",
        "mon host n3 has not applied its document (makes the mirror)",
    )


def test_the_store_goes_where_the_other_mons_can_reach_it():
    cut_off = replace(report("n1"), uplink="no carrier")
    planned = plan_rebuild(wanted(*FIVE), lost(n1=cut_off), ())
    assert isinstance(planned, Rebuild)
    assert (planned.mon, planned.collect["n1"]) == ("n2", (0,))
    (reason,) = reasons(lost(("n1", "n2", "n3")), "n1", "n2", "n3")
    assert reason.startswith("none of the mon hosts n1, n2, n3 can hold the store")


def test_without_own_osds_there_is_nothing_to_rebuild_from():
    markers = ("blank", f"osd:{OTHER}/uuid/1", f"osd:{FSID}/uuid/", "osd:/uuid/", "fs:ext4")
    changed = {}
    for node, marker in zip(FIVE, markers, strict=True):
        (disk,) = report(node).disks
        changed[node] = replace(report(node), disks=(replace(disk, marker=marker),))
    assert reasons(lost(**changed)) == (f"no OSD of cluster {FSID} is on the nodes that take part",)


def test_a_misspelt_node_is_said():
    assert reasons(lost(), "n9") == ("n9 is no node of this site",)

"""What the operator reads."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from piston_iac.dynamic_providers.converging import Seen
from piston_iac.errors import AccessRefused, TimedOut
from piston_iac.status.asking import Answer
from piston_iac.status.probes import resource_key
from piston_iac.status.render import render
from tests.unit.status.rack import DECLARED, SITE, Rack, silent

ALL = len(DECLARED)


def lines(rack: Rack, screen: int | None = None, width: int = 200, **more: Any) -> list[str]:
    printed = io.StringIO()
    Console(file=printed, width=width, highlight=False).print(render(rack.status(**more), screen))
    return [line.rstrip() for line in printed.getvalue().splitlines()]


def test_a_rack_as_wanted_at_a_glance() -> None:
    assert lines(Rack()) == [
        f"lab  10:20:30 UTC  all as wanted: {ALL} of {ALL} resources",
        "",
        "node  power  agent    release  mirror   uplink  OSDs  wrong",
        *(f"n{number}    on     settled  2026.11  healthy  up      1/1   -" for number in range(1, 6)),
        "",
        "BMCs       5 of 5 answer, 5 take our login",
        "switches   management 12 of 12 right, data 12 of 12 right",
        "boot node  2 services active, release 2026.11, clock in step, lease free",
        "Ceph       HEALTH_OK, 3 of 3 mons in quorum, 5 of 5 OSDs up, 5 of 5 OSDs in, 5 of 5 pools right, "
        "1.5 of 50.0 GiB raw used",
        "cloud      3 of 3 databases in step, 3 of 3 queue members right, 3 of 3 OVN members right, "
        "address held, 9 of 9 services right",
    ]


def test_a_member_that_is_stopped_is_seen_at_a_glance() -> None:
    rack = Rack()
    rack.differs("control-plane", database={"n1": "in step", "n2": "stopped", "n3": "in step"})
    assert any(line.startswith("cloud      2 of 3 databases in step") for line in lines(rack))


def test_wanted_and_seen_side_by_side() -> None:
    rack = Rack()
    rack.off("n3")
    rack.differs("data-n4-data", vid=99)
    shown = lines(rack)
    assert shown[0] == f"lab  10:20:30 UTC  of {ALL} resources 2 not as wanted"
    assert shown[5] == "n3    off    silent   -        -        -       1/1   1"
    assert [line.split() for line in shown[15:18]] == [
        ["device", "resource", "field", "seen", "wanted"],
        ["n3", "n3", "power", "off", "on"],
        ["switch", "data", "data-n4-data", "vid", "99", "0"],
    ]
    assert shown[-1] == "-> `pulumi up` repairs what differs."


def test_a_dead_device_is_told_once() -> None:
    rack = Rack()
    for it in DECLARED:
        if it.device == "switch data":
            error = TimedOut("switch data", f"read {it.name}", "no answer from tcp:1", "Check that it is on.")
            rack.fails(resource_key(it.name), error)
    shown = lines(rack)
    assert shown[0].endswith(f"of {ALL} resources 12 not to be seen")
    assert "data gives no answer" in shown[10]
    assert [line for line in shown if "no answer from tcp:1" in line] == ["switch data  no answer from tcp:1"]
    assert shown[-1] == "-> switch data: Check that it is on."


def test_what_is_the_same_of_several_is_one_row() -> None:
    rack = Rack()
    fields = next(it for it in DECLARED if it.name == "ceph").inputs.props()
    rack.differs(
        "ceph", mons={**dict.fromkeys(fields["mons"], "missing"), "n2": "in quorum"}, flags=["noout"]
    )
    shown = [line.split("  ") for line in lines(rack) if line.startswith("Ceph    ceph")]
    assert [[cell.strip() for cell in row if cell] for row in shown] == [
        ["Ceph", "ceph", "flags", "noout", "(none)"],
        ["Ceph", "ceph", "mons.n1, n3", "missing", "in quorum"],
    ]


def test_a_cluster_that_gives_no_answer_and_one_that_is_not_made() -> None:
    rack = Rack()
    rack.fails(resource_key("ceph"), silent("Ceph"))
    assert "Ceph       no quorum of mons answers" in lines(rack)
    missing = dict.fromkeys((serial for node in SITE.nodes.values() for serial in node.disks.osd), "missing")
    rack.answers[resource_key("ceph")] = Answer(Seen({"osds": missing}))
    assert "Ceph       not made yet" in lines(rack)


def test_what_ceph_complains_of_is_told() -> None:
    rack = Rack()
    outs = {
        "health": "HEALTH_WARN",
        "healthChecks": {"OSD_DOWN": "1 osds down"},
        "capacityGib": 1,
        "usedGib": 1,
    }
    fields = next(it for it in DECLARED if it.name == "ceph").inputs.props()
    rack.answers[resource_key("ceph")] = Answer(Seen(fields, outs))
    shown = lines(rack)
    assert shown[0].endswith("resources as wanted, but Ceph says HEALTH_WARN")
    assert "           OSD_DOWN: 1 osds down" in shown


def test_on_a_small_screen_nodes_with_something_wrong_come_first() -> None:
    rack = Rack()
    rack.off("n5")
    shown = lines(rack, screen=15)
    assert [line.split()[0] for line in shown[3:5]] == ["n5", "n1"]
    assert shown[5] == "and 3 more nodes, all as wanted"


def test_on_a_narrow_screen_nothing_is_cut() -> None:
    rack = Rack()
    rack.differs("n1", units={"a-service-with-a-very-long-name-that-has-no-room.service": "active"})
    shown = lines(rack, width=60)
    assert all(len(line) <= 60 for line in shown)
    assert not any("…" in line for line in shown)


def test_what_has_no_room_is_counted() -> None:
    rack = Rack()
    for it in DECLARED:
        if it.kind == "SwitchPort":
            rack.differs(it.name, vid=1)
    rack.fails(resource_key("n5-bmc"), silent("BMC of n5"))
    shown = lines(rack, screen=30)
    assert len(shown) <= 30
    assert len(lines(rack)) > 30
    assert shown[-4].startswith("and ")
    assert shown[-4].endswith(" more; `piston status --once` shows all")
    assert shown[-1] == "-> `pulumi up` repairs what differs."


def test_a_node_is_not_told_beside_the_bmc_that_hides_it() -> None:
    rack = Rack()
    error = AccessRefused("BMC of n1", "log in", "it refuses our user", "Reset it.")
    rack.fails(resource_key("n1-bmc"), error)
    rack.fails(resource_key("n1"), AccessRefused("BMC of n1", "log in", "no such user", "Set it."))
    shown = lines(rack)
    assert [line for line in shown if line.startswith("BMC of n1")] == ["BMC of n1  it refuses our user"]
    assert shown[-1] == "-> BMC of n1: Reset it."
    assert "no such user" not in " ".join(shown)
    rack.answers[resource_key("n1-bmc")] = Rack().answers[resource_key("n1-bmc")]
    assert "BMC of n1  no such user" in lines(rack)


def test_who_is_waited_for_is_told() -> None:
    waiting = {"BMC of n1": 7.4, "n2": 3.0, "n3": 2.0, "n4": 1.6, "n5": 0.2}
    assert lines(Rack(), waiting=waiting)[0].endswith("waiting for BMC of n1 7 s, n2 3 s, n3 2 s and 1 more")


def test_while_the_first_answers_are_out() -> None:
    rack = Rack()
    rack.answers.clear()
    shown = lines(rack, waiting={"n1": 0.2})
    assert shown[0] == f"lab  10:20:30 UTC  asking: 0 of {ALL} answered"
    assert "Ceph       asking" in shown


def test_a_note_is_told() -> None:
    shown = lines(Rack(), notes=("it is not compared",))
    assert shown[0].endswith(f"{ALL} resources as wanted, but see the notes")
    assert shown[-1] == "note: it is not compared"

"""One node's past and present: which records are about it, in which order, and the line at the end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from piston_iac.devices.node_agent import AgentJournal, JournalEntry
from piston_iac.dynamic_providers.converging import Seen
from piston_iac.errors import AccessRefused, WrongMachine
from piston_iac.status.asking import Answer
from piston_iac.status.history import AGENT_JOURNAL, BOOT_JOURNAL, History, told
from piston_iac.status.history_text import to_json, to_text
from piston_iac.status.look import Looking
from piston_iac.status.moves import MOVES
from piston_iac.status.probes import BOOT_STATE, clients, report_key, resource_key
from piston_iac.status.timeline import about, from_boot_node, from_runs, in_order, names_of
from tests.unit.status.rack import BOOT_SETTLED, DECLARED, SITE, Rack, report, silent

LOOK = Looking(SITE, tuple(DECLARED), clients(SITE), (), ())
RUNS = "\n".join(
    json.dumps({"at": f"2026-11-23T00:46:{second}+00:00", "device": device, "what": what})
    for second, device, what in [
        ("13.5", "n3", "start"),
        ("06.1", "BMC of n3", "set our user"),
        ("13.6", "n30", "start"),
        ("20.0", "Ceph", "make OSD on n3-osd-1"),
        ("21.0", "pool vms", "osd pool create"),
    ]
)
BOOT = {
    "writes": 3,
    "entries": [
        {"at": "2026-11-23T00:46:13+00:00", "who": "operator", "what": "opened window of n3"},
        {"at": "2026-11-23T00:46:14+00:00", "who": "machine 52:54:00:0a:00:03", "what": "enrolled n3"},
        {"at": "2026-11-23T00:46:15+00:00", "who": "operator", "what": "settings"},
    ],
}
JOURNAL = AgentJournal(1, (JournalEntry("2026-11-23T00:46:16.123+00:00", "set host name n3"),))


def answers(rack: Rack, **more: Any) -> dict[str, Answer]:
    found = {**rack.answers, BOOT_JOURNAL: Answer(BOOT), AGENT_JOURNAL: Answer(JOURNAL)}
    return {**found, **more}


def history(rack: Rack, **more: Any) -> History:
    return told(LOOK, "n3", RUNS, answers(rack, **more))


def test_everything_about_the_node_oldest_first() -> None:
    assert to_text(history(Rack())).splitlines() == [
        "n3 of lab: 6 events, times in UTC",
        "2026-11-23 00:46:06  run        BMC of n3                  set our user",
        "2026-11-23 00:46:13  boot node  operator                   opened window of n3",
        "2026-11-23 00:46:13  run        n3                         start",
        "2026-11-23 00:46:14  boot node  machine 52:54:00:0a:00:03  enrolled n3",
        "2026-11-23 00:46:16  agent      n3                         set host name n3",
        "2026-11-23 00:46:20  run        Ceph                       make OSD on n3-osd-1",
        "report: settled, release 2026.11, mirror healthy, data card up, all units active, "
        "0 changes in this boot",
        "now: it is as wanted.",
    ]


@pytest.mark.parametrize(
    ("device", "what", "mine"),
    [
        ("n3", "start", True),
        ("BMC of n3", "x", True),
        ("node n3", "x", True),
        ("switch data", "set port n3-data", True),
        ("machine 52:54:00:0a:00:03", "x", True),
        ("Ceph", "wait for 10.30.20.13:3300", True),
        ("node:n3", "used permit", True),
        ("n30", "start", False),
        ("old-n3", "start", False),
        ("x", "110.30.20.13", False),
        ("n3-gone", "x", False),
        ("switch data", "set port n31-data", False),
        ("x", "10.30.20.130", False),
        ("boot node", "set what it serves", False),
    ],
)
def test_what_is_about_a_node(device: str, what: str, mine: bool) -> None:
    line = json.dumps({"at": "2026-11-23T00:46:13+00:00", "device": device, "what": what})
    (event,) = from_runs(line)
    assert about(names_of(SITE, "n3"), event) is mine


def moved(source: str, target: str | None, status: str) -> dict[str, Any]:
    """As Nova tells it."""
    at = "2026-11-23T00:46:18.000000"
    return {
        "created_at": at,
        "source_compute": source,
        "dest_compute": target,
        "status": status,
        "instance_uuid": "m-1",
    }


def test_machines_that_moved_are_told_of_at_both_nodes() -> None:
    moves = [
        moved("n3", "n4", "completed"),
        moved("n5", "n3", "done"),
        moved("n3", None, "error"),
        moved("n1", "n2", "done"),
        {"created_at": "x"},
        7,
    ]
    told_ = [it for it in history(Rack(), **{MOVES: Answer(moves)}).events if it.source == "nova"]
    assert [(it.device, it.what) for it in told_] == [
        ("n3", "virtual machine m-1 was started on n4: this node was taken for dead"),
        ("n5", "virtual machine m-1 was started on n3: this node was taken for dead"),
        ("n3", "virtual machine m-1 did not start on another node: this node was taken for dead"),
    ]


def test_a_cloud_that_tells_no_moves_is_noted() -> None:
    notes = history(Rack(), **{MOVES: Answer(error=silent("the cloud"))}).notes
    assert any(it.startswith("the cloud: could not") for it in notes)


def test_torn_and_foreign_lines_are_left_out() -> None:
    assert from_runs('{"at": "20\n[1]\n{"at": "x", "device": "n1", "what": "y"}\n\n') == []
    assert from_boot_node({"error": "no such page"}) == []
    assert from_boot_node({"entries": [1, {"at": 3}]}) == []


def test_clocks_with_and_without_a_zone_are_compared() -> None:
    events = from_runs(
        '{"at": "2026-11-23T00:00:02", "device": "a", "what": "second"}\n'
        '{"at": "2026-11-23T01:00:01+01:00", "device": "a", "what": "first"}'
    )
    assert [event.what for event in in_order(events)] == ["first", "second"]


def test_a_dead_node_is_told_of_by_the_others() -> None:
    rack = Rack()
    rack.off("n3")
    dead = Answer(error=silent("agent of n3"))
    text = to_text(history(rack, **{AGENT_JOURNAL: dead}))
    assert "boot node  operator" in text
    assert "note: agent of n3: could not read its state: no answer in time" in text
    assert "report: none, its agent gives no answer" in text
    assert text.endswith("now: it is powered off. `pulumi up` switches it on and boots it.\n")


def test_without_any_record_it_still_says_how_it_is() -> None:
    gone = {BOOT_JOURNAL: Answer(error=silent("boot node")), AGENT_JOURNAL: Answer(error=silent("agent"))}
    found = told(LOOK, "n3", None, answers(Rack(), **gone))
    assert (found.events, len(found.notes), found.now.cause) == ((), 3, "it is as wanted")


def test_the_json() -> None:
    told_ = json.loads(to_json(history(Rack())))
    assert list(told_) == ["schema", "site", "node", "events", "report", "now", "notes"]
    assert told_["schema"] == 1
    assert told_["events"][-2] == {
        "at": "2026-11-23T00:46:16.123+00:00",
        "source": "agent",
        "device": "n3",
        "what": "set host name n3",
    }
    assert told_["now"] == {"cause": "it is as wanted", "remedy": ""}


# The line at the end ---------------------------------------------------------------------------


def silent_rack(power: str = "on") -> Rack:
    rack = Rack()
    if power == "off":
        rack.off("n3")
    rack.fails(report_key("n3"), silent("agent of n3"))
    if power != "off":
        rack.fails(resource_key("n3"), silent("n3"))
    if power == "unknown":
        rack.fails(resource_key("n3-bmc"), silent("BMC of n3"))
    return rack


def boot(**changes: Any) -> Answer:
    return Answer(replace(BOOT_SETTLED, enrolled={"n3": None}, **changes))


def test_power_hides_all_else() -> None:
    rack = silent_rack("off")
    rack.differs("management-n3-boot", vid=99)
    assert history(rack).now.cause == "it is powered off"


def test_a_wrong_port_explains_the_silence() -> None:
    rack = silent_rack()
    rack.differs("management-n3-boot", vid=99)
    now = history(rack).now
    assert now.line() == (
        "now: its agent gives no answer, and management-n3-boot: vid is 99, wanted 10. "
        "`pulumi up` repairs it."
    )


def test_neither_agent_nor_bmc() -> None:
    now = history(silent_rack("unknown")).now
    assert now.cause == "neither its agent nor its BMC lets us see it: no answer in time"
    assert now.remedy == "Check its power, cables and address."


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (Answer(error=silent("boot node")), "neither its agent nor the boot node gives an answer"),
        (boot(windows={"n3": 90.0}), "has not answered yet; the boot node waits for it for 90 s more"),
        (Answer(replace(BOOT_SETTLED, windows={"n3": 90.0})), "has not enrolled yet"),
        (Answer(BOOT_SETTLED), "was never enrolled"),
        (boot(), "it is powered on, but its agent gives no answer"),
    ],
)
def test_on_and_silent(state: Answer, cause: str) -> None:
    assert cause in history(silent_rack(), **{BOOT_STATE: state}).now.cause


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"phase": "applying", "progress": "make mirror"}, "its agent works: make mirror. Wait."),
        ({"phase": "waiting"}, "its agent waits for a document, and there is none at the boot node."),
        ({"phase": "failed", "fault": "disk x holds ext4."}, "disk x holds ext4. Remove that cause"),
    ],
)
def test_phases(changes: dict[str, str], line: str) -> None:
    rack = Rack()
    rack.answers[report_key("n3")] = Answer(replace(report("n3"), **changes))
    assert f"now: {line}" in history(rack).now.line()


def test_what_differs_is_named() -> None:
    rack = Rack()
    rack.differs("n3", uplink="no carrier", clock="not in step", power="off")
    rack.differs("n3-bmc", factoryLogin="enabled")
    now = history(rack).now
    assert now.cause == (
        "it runs, but n3: clock is not in step, wanted in step, power is off, wanted on "
        "and 1 more field (and 1 more)"
    )
    assert now.remedy == "`pulumi up` repairs it."


def test_another_machine_and_a_refusal_come_with_their_remedy() -> None:
    rack = Rack()
    rack.fails(
        resource_key("n3"), WrongMachine("BMC of n3", "a", "its GUID is b, but n3 is a", "Plug it in.")
    )
    assert history(rack).now.line() == "now: its GUID is b, but n3 is a. Plug it in."
    rack = Rack()
    rack.fails(
        resource_key("n3-bmc"), AccessRefused("BMC of n3", "log in", "it refuses our user", "Reset it.")
    )
    assert history(rack).now.line() == "now: it runs, but BMC of n3: it refuses our user. Reset it."
    rack.answers[resource_key("n3")] = Answer(Seen({"power": "off"}))
    rack.fails(report_key("n3"), silent("agent of n3"))
    assert "lets us see it: it refuses our user" in history(rack).now.cause

"""From answers to a status: what is right, what differs, what gives no answer; the JSON; the exit status."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from piston_iac.cli.status import exit_status
from piston_iac.devices.boot_node import HeldLease
from piston_iac.dynamic_providers.converging import Seen
from piston_iac.errors import AccessRefused, PistonError, TimedOut, WrongMachine
from piston_iac.status.asking import Answer
from piston_iac.status.document import document, to_json
from piston_iac.status.model import Difference, Status, Verdict
from piston_iac.status.probes import BOOT_STATE, BmcSeen, report_key, resource_key
from tests.unit.status.rack import BOOT_SETTLED, DECLARED, SECRETS, SITE, Rack, report, silent

SERIALS = [serial for node in SITE.nodes.values() for serial in node.disks.osd]


def wrong(status: Status) -> dict[str, list[tuple[str, str, str]]]:
    """What is told of each resource that is not right."""
    return {row.name: [(one.field, one.seen, one.wanted) for one in row.differences] for row in status.wrong}


def test_a_site_as_wanted() -> None:
    status = Rack().status()
    assert (status.wrong, status.as_wanted, exit_status(status)) == ((), True, 0)
    assert [(it.name, it.power, it.phase, it.osds_up, it.wrong) for it in status.nodes] == [
        (f"n{number}", "on", "settled", 1, 0) for number in range(1, 6)
    ]
    assert [(it.device, it.right, it.total) for it in status.switches] == [
        ("switch management", 12, 12),
        ("switch data", 12, 12),
    ]
    assert (status.ceph.health, status.ceph.mons_in_quorum, status.ceph.osds_in) == ("HEALTH_OK", 3, 5)


def test_a_node_that_is_off_is_one_difference_and_its_osd() -> None:
    rack = Rack()
    rack.off("n3")
    rack.differs(
        "ceph", osds={serial: "down, in" if serial == "n3-osd-1" else "up, in" for serial in SERIALS}
    )
    status = rack.status()
    assert wrong(status) == {
        "n3": [("power", "off", "on")],
        "ceph": [("osds.n3-osd-1", "down, in", "up, in")],
    }
    node = status.nodes[2]
    assert (node.power, node.phase, node.release, node.mirror, node.osds_up) == (
        "off",
        "silent",
        "unknown",
        "unknown",
        0,
    )
    assert (status.ceph.osds_up, status.ceph.osds_in, exit_status(status)) == (4, 5, 1)


def test_what_belongs_to_a_node_counts_as_its_own() -> None:
    rack = Rack()
    rack.differs("data-n4-data", vid=99)
    rack.differs("n4-bmc", factoryLogin="enabled")
    rack.differs("data-vlan20", mtu=9000)
    status = rack.status()
    assert [(node.name, node.wrong) for node in status.nodes if node.wrong] == [("n4", 2)]
    assert (status.switches[1].right, status.switches[1].verdict) == (10, Verdict.DIFFERS)


def test_fields_that_others_tell_are_not_told_twice() -> None:
    """While a node is away its cluster awaits it: the node's own line says so."""
    rack = Rack()
    rack.differs("ceph", awaits=["n3"])
    assert rack.status().as_wanted


def test_a_dead_bmc_and_a_dead_switch_stop_nothing() -> None:
    rack = Rack()
    rack.fails(resource_key("n5-bmc"), silent("BMC of n5"))
    for it in DECLARED:
        if it.device == "switch data":
            rack.fails(resource_key(it.name), TimedOut("switch data", "read", "no answer", "Look."))
    status = rack.status()
    assert [(bmc.verdict, bmc.login, bmc.power) for bmc in status.bmcs[3:]] == [
        (Verdict.RIGHT, "right", "on"),
        (Verdict.UNREACHABLE, "unknown", "unknown"),
    ]
    assert status.nodes[4].power == "on", "its agent answers"
    assert (status.switches[1].verdict, status.switches[1].right) == (Verdict.UNREACHABLE, 0)
    assert len(status.wrong) == 13


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (silent("n1"), Verdict.UNREACHABLE),
        (TimedOut("n1", "a", "c", "r"), Verdict.UNREACHABLE),
        (AccessRefused("n1", "a", "c", "r"), Verdict.FAULT),
        (WrongMachine("n1", "a", "c", "r"), Verdict.FAULT),
    ],
)
def test_why_it_cannot_be_seen(error: PistonError, verdict: Verdict) -> None:
    rack = Rack()
    rack.fails(resource_key("n1"), error)
    (row,) = rack.status().wrong
    assert (row.verdict, row.reason, row.remedy, row.differences) == (verdict, error.cause, error.remedy, ())


def test_a_failed_agent_is_a_fault() -> None:
    rack = Rack()
    rack.differs("n2", fault="disk x holds ext4")
    rack.answers[report_key("n2")] = Answer(replace(report("n2"), phase="failed", fault="disk x holds ext4"))
    status = rack.status()
    assert [(row.name, row.verdict, row.reason) for row in status.wrong] == [
        ("n2", Verdict.FAULT, "disk x holds ext4")
    ]
    assert (status.nodes[1].phase, status.nodes[1].fault) == ("failed", "disk x holds ext4")


def test_pools_are_not_right_while_no_mon_answers() -> None:
    rack = Rack()
    rack.fails(resource_key("ceph"), silent("Ceph"))
    for it in DECLARED:
        if it.kind == "CephPool":
            rack.answers[resource_key(it.name)] = Answer(Seen({}))
    status = rack.status()
    assert (status.ceph.health, status.ceph.osds_up, status.ceph.pools_right) == ("unknown", None, 0)
    pools = [row for row in status.wrong if row.kind == "CephPool"]
    assert {(row.verdict, row.reason) for row in pools} == {
        (Verdict.UNREACHABLE, "no quorum of mons answers")
    }
    assert len(pools) == 5
    rack.answers[resource_key("ceph")] = Rack().answers[resource_key("ceph")]
    reasons = {row.reason for row in rack.status().wrong}
    assert reasons == {"no mon answered the look at its pools in time"}
    # Before it is made nobody could tell of pools.
    rack.answers[resource_key("ceph")] = Answer(Seen({"mons": {}}))
    assert {row.verdict for row in rack.status().wrong if row.kind == "CephPool"} == {Verdict.UNASKED}


def test_ceph_that_warns_is_not_as_wanted() -> None:
    rack = Rack()
    cluster = rack.answers[resource_key("ceph")].value
    assert isinstance(cluster, Seen)
    outs = {**cluster.outs, "health": "HEALTH_WARN", "healthChecks": {"POOL_FULL": "vms is full"}}
    rack.answers[resource_key("ceph")] = Answer(replace(cluster, outs=outs))
    status = rack.status()
    assert (status.wrong, exit_status(status)) == ((), 1)
    assert status.ceph.checks == {"POOL_FULL": "vms is full"}


def test_the_boot_node() -> None:
    rack = Rack()
    state = replace(
        BOOT_SETTLED,
        services={"chrony.service": "failed"},
        settings={"release": "2026.10"},
        lease=HeldLease("laptop", 7, 12.4),
    )
    rack.answers[BOOT_STATE] = Answer(state)
    boot = rack.status().boot_node
    assert (boot.release, boot.release_complete, boot.lease) == ("2026.10", False, "laptop, 12 s left")
    assert boot.services == {"chrony.service": "failed"}
    rack.fails(BOOT_STATE, silent("boot node"))
    assert rack.status().boot_node.verdict is Verdict.UNREACHABLE


def test_a_note_keeps_it_from_being_all_well() -> None:
    assert not Rack().status(notes=("the image is not compared",)).as_wanted


def test_before_the_first_answer_nothing_is_right() -> None:
    rack = Rack()
    rack.answers.clear()
    status = rack.status()
    assert {row.verdict for row in status.resources} == {Verdict.UNASKED}
    assert {node.phase for node in status.nodes} == {"unknown"}


def test_a_difference_is_what_a_plan_prints() -> None:
    rack = Rack()
    node = next(it for it in DECLARED if it.name == "n5")
    rack.differs("n5", units={**node.inputs.props()["units"], "chrony.service": "inactive"})
    (row,) = rack.status().wrong
    assert row.differences == (Difference("units.chrony.service", "inactive", "active"),)


def test_the_json_is_stable() -> None:
    rack = Rack()
    rack.off("n3")
    told = json.loads(to_json(rack.status(waiting={"n1": 1.0})))
    assert list(told) == [
        "schema",
        "site",
        "at",
        "as_wanted",
        "release",
        "nodes",
        "bmcs",
        "switches",
        "boot_node",
        "ceph",
        "resources",
        "notes",
        "cloud",
    ]
    assert told["schema"] == 1
    assert told["nodes"][2] == {
        "name": "n3",
        "power": "off",
        "phase": "silent",
        "progress": "",
        "fault": "",
        "release": "unknown",
        "release_wanted": "2026.11",
        "units_wrong": {},
        "mirror": "unknown",
        "uplink": "unknown",
        "osds": 1,
        "osds_up": 1,
        "wrong": 1,
    }
    assert next(it for it in told["resources"] if it["name"] == "n5") == {
        "name": "n5",
        "kind": "BareMetalNode",
        "device": "n5",
        "verdict": "right",
        "differences": [],
        "reason": "",
        "remedy": "",
        "blames": "",
        "took_s": 0.1,
    }
    assert list(told["ceph"]) == [
        "verdict",
        "health",
        "checks",
        "mons",
        "mons_in_quorum",
        "osds",
        "osds_up",
        "osds_in",
        "capacity_gib",
        "used_gib",
        "pools",
        "pools_right",
    ]


def test_the_json_holds_no_secret() -> None:
    """Even where a secret input differs, only that it does is told."""
    rack = Rack()
    look = rack.answers[resource_key("n1-bmc")].value
    assert isinstance(look, BmcSeen)
    rack.differs("n1-bmc", password="its old password")
    text = json.dumps(document(rack.status()))
    assert "[secret]" in text
    secrets = [*SECRETS.values(), "its old password", str(look.seen.fields["password"])]
    assert not any(secret in text for secret in secrets)

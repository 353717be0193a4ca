"""What tools print, as the agent reads it. The samples are outputs of the image's own versions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from piston_iac.node_agent import clock, machine, management
from piston_iac.node_agent.boot_arguments import parse
from piston_iac.node_agent.disks import SeenFilesystem, judge_mirror, marker_of
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.network import (
    SeenLink,
    parse_external_ids,
    parse_gateway,
    parse_links,
    parse_tables,
)
from piston_iac.node_agent.units import PendingRestarts
from tests.unit.node_agent.documents import LABEL, SERIALS, disk

IN_STEP = (
    "0A1E0A05,10.30.10.5,11,1795365770.126433472,-0.000005252,0.000001057,0.000000831,"
    "-0.011,0.010,0.875,0.000018907,0.000002837,4.1,Normal\n"
    "^,*,10.30.10.5,10,2,177,0,0.000001707,0.000002764,0.000009556\n"
)
NOT_IN_STEP = (
    "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,"
    "1.000000000,1.000000000,0.0,Not synchronised\n"
    "^,?,10.30.10.5,10,4,1,1,0.000017774,0.000017774,0.000028382\n"
)


def test_a_clock_in_step() -> None:
    seen = clock.parse(IN_STEP)
    assert seen.synchronised
    assert seen.offset_s == pytest.approx(-5.252e-06)
    assert seen.servers == ("10.30.10.5",)


@pytest.mark.parametrize("text", [NOT_IN_STEP, "", "506 Cannot talk to daemon\n"])
def test_a_clock_out_of_step(text: str) -> None:
    assert not clock.parse(text).synchronised


def test_boot_arguments() -> None:
    boot = parse(
        "quiet piston.site=lab piston.node=n1 piston.mac=52:54:00:0A:00:01 piston.bootd=10.30.10.5 "
        "piston.ca=AB"
    )
    assert (boot.node, boot.mac, boot.ca_digest, boot.release) == ("n1", "52:54:00:0a:00:01", "ab", "")
    assert boot.mirror_label == "piston:lab:n1"
    assert boot.seal_context == b"lab/n1"


def test_missing_boot_arguments_are_all_named() -> None:
    with pytest.raises(ValueError, match=r"piston\.mac, piston\.bootd, piston\.ca"):
        parse("piston.site=lab piston.node=n1")


BTRFS = {"type": "btrfs", "label": LABEL, "uuid": "u"}


@pytest.mark.parametrize(
    ("signatures", "zero", "marker"),
    [
        ([], True, "blank"),
        ([], False, "foreign:data without a known signature"),
        ([BTRFS], True, f"mirror:{LABEL}"),
        ([{"type": "btrfs", "label": "mine"}], True, "foreign:btrfs mine"),
        ([{"type": "gpt", "label": None}, {"type": "PMBR", "label": None}], True, "foreign:PMBR+gpt"),
        ([BTRFS, {"type": "ext4", "label": None}], True, f"foreign:btrfs+ext4 {LABEL}"),
    ],
)
def test_markers(signatures: list[dict[str, object]], zero: bool, marker: str) -> None:
    assert marker_of(signatures, zero) == marker


OWN = tuple(disk(serial, f"mirror:{LABEL}", filesystem="u") for serial in SERIALS)


def test_a_healthy_mirror() -> None:
    state = judge_mirror(LABEL, OWN, SeenFilesystem(SERIALS, "raid10", failing=False))
    assert (state.state, state.profile, state.disks) == ("healthy", "raid10", SERIALS)


def test_a_mirror_is_degraded_when_the_file_system_says_so_or_a_disk_is_gone() -> None:
    assert judge_mirror(LABEL, OWN, SeenFilesystem(SERIALS, "raid10", failing=True)).state == "degraded"
    gone = judge_mirror(LABEL, OWN[:3], SeenFilesystem(SERIALS, "raid10", failing=False))
    assert (gone.state, gone.disks) == ("degraded", SERIALS[:3])


def test_a_mirror_that_is_not_mounted_is_absent() -> None:
    assert judge_mirror(LABEL, OWN, None).state == "absent"


def test_open_vswitch_tables() -> None:
    bridges = {
        "headings": ["name", "datapath_type", "ports"],
        "data": [["br-data", "netdev", ["set", [["uuid", "1"], ["uuid", "2"]]]], ["lone", "", ["uuid", "3"]]],
    }
    ports = {
        "headings": ["_uuid", "name", "tag"],
        "data": [
            [["uuid", "1"], "service", 20],
            [["uuid", "2"], "eth1", ["set", []]],
            [["uuid", "3"], "lone", ["set", []]],
        ],
    }
    interfaces = {
        "headings": ["name", "type", "mtu_request"],
        "data": [["service", "internal", 1500], ["eth1", "", ["set", []]], ["lone", "internal", ["set", []]]],
    }
    types, seen = parse_tables(bridges, ports, interfaces)
    assert types == {"br-data": "netdev", "lone": "system"}
    assert [(it.name, it.bridge, it.kind, it.vid, it.mtu_request) for it in seen] == [
        ("eth1", "br-data", "", 0, 0),
        ("lone", "lone", "internal", 0, 0),
        ("service", "br-data", "internal", 20, 1500),
    ]


def test_external_ids_of_the_switch() -> None:
    pairs = [["hostname", "n1"], ["ovn-remote", "tcp:10.30.20.11:6642,tcp:10.30.20.12:6642"]]
    table = {"headings": ["external_ids"], "data": [[["map", pairs]]]}
    assert parse_external_ids(table) == {"hostname": "n1", "ovn-remote": pairs[1][1]}
    assert parse_external_ids({"headings": ["external_ids"], "data": [[["map", []]]]}) == {}


def test_links_and_gateway() -> None:
    raw = [
        {
            "ifname": "eth0",
            "flags": ["BROADCAST", "UP", "LOWER_UP"],
            "mtu": 1500,
            "address": "52:54:00:0A:00:01",
            "addr_info": [{"family": "inet", "local": "10.30.10.11", "prefixlen": 24}, {"family": "inet6"}],
        },
        {},
        {"ifname": "eth1", "flags": ["NO-CARRIER", "UP"], "mtu": 1500, "address": "52:54:00:0b:00:01"},
    ]
    links = parse_links(raw)
    assert links == (
        SeenLink("eth0", "52:54:00:0a:00:01", 1500, True, ("10.30.10.11/24",)),
        SeenLink("eth1", "52:54:00:0b:00:01", 1500, True, (), carrier=False),
    )
    assert management.management_address(management.boot_card("52:54:00:0a:00:01", links)) == "10.30.10.11"
    assert management.management_address(management.boot_card("52:54:00:0a:00:02", links)) == ""
    assert parse_gateway([{"gateway": "10.0.0.9", "metric": 100}, {"gateway": "10.0.0.1"}]) == "10.0.0.1"
    assert parse_gateway([]) == ""


def test_hardware_uuid_falls_back_to_the_machine_id(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("9d000000000040008000000000000001\n")
    dmi = tmp_path / "dmi"
    assert machine.hardware_uuid(dmi, tmp_path / "id") == "9d000000-0000-4000-8000-000000000001"
    dmi.write_text("9D000000-0000-4000-8000-000000000002\n")
    assert machine.hardware_uuid(dmi, tmp_path / "id") == "9d000000-0000-4000-8000-000000000002"


def test_boot_id_stays_the_same_in_one_boot(tmp_path: Path) -> None:
    first = machine.boot_id(tmp_path / "boot_id")
    assert machine.boot_id(tmp_path / "boot_id") == first


def test_journal_counts_over_a_restart_of_the_agent(tmp_path: Path) -> None:
    path = tmp_path / "run" / "journal.jsonl"
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    Journal(path, lambda: noon).add("one")
    again = Journal(path, lambda: noon)
    again.add("two")
    assert again.writes == 2
    assert [it["what"] for it in again.entries()] == ["one", "two"]
    assert again.entries()[0]["at"] == "2026-11-22T12:00:00.000+00:00"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_outstanding_restart_survives_the_agent(tmp_path: Path) -> None:
    PendingRestarts(tmp_path / "restart").add(("a.service", "b.service"))
    again = PendingRestarts(tmp_path / "restart")
    again.remove("a.service")
    assert again.all() == {"b.service"}

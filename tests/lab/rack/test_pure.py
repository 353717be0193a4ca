"""The rack's pure parts: definition, parsing, descriptions of writes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from uuid import UUID

import pytest

from piston_iac.errors import DeviceRefused
from piston_iac.lab.bmc_log import FACTORY, describe, parse_state
from piston_iac.lab.boot_plan import argument, image_of, parse_boot_entry, parse_boot_script
from piston_iac.lab.cgroups import parse_hierarchy
from piston_iac.lab.faults import Quirk, parse_quirk
from piston_iac.lab.firmware import medium
from piston_iac.lab.inotify import DELETED, MOVED_TO, parse_events
from piston_iac.lab.local_disk import Mirror, Superblock, choose_mirror, parse_superblock
from piston_iac.lab.power import is_first_process
from piston_iac.lab.rack import MAX_NODES, Node, Rack
from piston_iac.lab.switch_l3 import address_changes, route_changes
from piston_iac.lab.switches import added_arguments, factory_arguments


def test_names_and_addresses_are_unique_at_the_largest_size() -> None:
    cards = Rack(MAX_NODES).cards
    assert len({card.mac for card in cards}) == len(cards)
    assert len({(card.switch, card.port) for card in cards}) == len(cards)
    addresses = [card.address for card in cards if card.address]
    assert len(set(addresses)) == len(addresses)
    # The kernel's limit for interface names.
    assert max(len(name) for card in cards for name in (card.port, card.name)) <= 15


def test_node_three() -> None:
    node = Node(3)
    assert node.bmc_address == "10.30.10.113"
    assert [card.mac for card in node.cards] == [f"52:54:00:0{it}:00:03" for it in "abc"]
    assert [disk.serial for disk in node.disks] == [*(f"n3-local-{k}" for k in range(1, 5)), "n3-osd-1"]
    assert str(node.hardware_uuid) == "9d000000-0000-4000-8000-000000000003"


def test_factory_vlans() -> None:
    arguments = factory_arguments("mgmt", Rack(1))
    vlans = {arguments[at + 2]: arguments[at + 3] for at, it in enumerate(arguments) if it == "add-port"}
    in_management = {name for name, tag in vlans.items() if tag == "tag=10"}
    assert in_management == {"operator", "oob-data", "mgmt0"}
    assert vlans["n1-bmc"] == vlans["n1-boot"] == vlans["boot"] == "tag=1"


def test_boot_script() -> None:
    script = "#!ipxe\n# hello\nkernel http://b/vmlinuz piston.image=http://b/r piston.sha256=ab a=b=c\nboot\n"
    arguments = parse_boot_script("n1", script)
    assert image_of("n1", arguments) == ("http://b/r", "ab")
    assert argument(arguments, "a") == "b=c"
    assert argument(arguments, "none") == ""


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("", "#!ipxe"),
        ("<html>", "#!ipxe"),
        ("#!ipxe\nboot", "no kernel line"),
        ("#!ipxe\nsanboot iscsi:x\n", "sanboot"),
    ],
)
def test_other_boot_scripts_are_refused(script: str, cause: str) -> None:
    with pytest.raises(DeviceRefused, match=cause):
        parse_boot_script("n1", script)


def test_script_without_image_is_refused() -> None:
    with pytest.raises(DeviceRefused, match=r"piston\.image"):
        image_of("n1", "piston.sha256=ab")


def test_writes_are_described_without_values() -> None:
    factory = (
        "2.valid:i:1\n2.username:d:ADMIN\\00\\00\n2.passwd:d:ADMIN\\00\n2.privilege:i:4\n2.max_sessions:i:10"
    )
    others = "1.max_sessions:i:10\n1.privilege:i:2\n" + "\n".join(
        f"{slot}.max_sessions:i:10\n{slot}.privilege:i:4" for slot in (3, 4)
    )
    before = parse_state(f"{factory}\n{others}\n63.passwd:d:\\00\\00\n")
    assert before == FACTORY
    after = {**before, "2.passwd": "hidden", "3.username": "piston"}
    lines = describe("users.mc20", before, after)
    assert lines == ["user 2: passwd changed", "user 3: username changed"]
    assert describe("users.mc20", after, after) == ["users.mc20: written, nothing changed"]
    assert describe("lanparm.mc20.1", {}, {"ip": "x"}) == ["lanparm.mc20.1: ip changed"]


def test_quirks() -> None:
    assert parse_quirk("drop=0.3") == Quirk("drop", 0.3)
    assert parse_quirk("dead") == Quirk("dead")
    for wrong in ("drop", "drop=2", "drop=x", "dead=1", "slow"):
        with pytest.raises(ValueError):
            parse_quirk(wrong)


@pytest.mark.parametrize(
    ("device", "by_silent_attempts"),
    [
        ("none", ["network", "network", "disk"]),
        ("pxe", ["network"] * 3),
        ("disk", ["disk"] * 3),
        ("cdrom", [""] * 3),
        ("bios", [""] * 3),
    ],
)
def test_boot_order_is_network_then_disk(device: str, by_silent_attempts: list[str]) -> None:
    assert [medium(device, silent) for silent in range(3)] == by_silent_attempts


def boot_entry(**changed: object) -> str:
    arguments = "piston.image=http://b/r piston.sha256=ab x"
    return json.dumps({"release": "2026.11", "sha256": "ab", "arguments": arguments, **changed})


def test_boot_entry() -> None:
    release, plan = parse_boot_entry("n1", boot_entry())
    assert (release, plan.sha256) == ("2026.11", "ab")
    assert plan.arguments.endswith(" x")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "cannot be read"),
        (boot_entry(release="../../etc"), "cannot be read"),
        (boot_entry(sha256=1), "cannot be read"),
        (boot_entry(sha256="cd"), "names two images"),
        (boot_entry(arguments="quiet"), r"piston\.image"),
    ],
)
def test_other_boot_entries_are_refused(text: str, cause: str) -> None:
    with pytest.raises(DeviceRefused, match=cause):
        parse_boot_entry("n1", text)


def superblock(label: str, number: int = 1, generation: int = 7) -> bytes:
    data = bytearray(4096)
    data[0x20:0x30] = bytes([number]) * 16
    data[0x40:0x48] = b"_BHRfS_M"
    data[0x48:0x50] = generation.to_bytes(8, "little")
    data[0x12B : 0x12B + len(label)] = label.encode()
    return bytes(data)


def chosen(*disks: bytes) -> Mirror | None:
    blocks = ((f"/dev/{at}", parse_superblock(data)) for at, data in enumerate(disks))
    return choose_mirror((device, block) for device, block in blocks if block)


def test_superblocks() -> None:
    block = parse_superblock(superblock("piston:lab:n1", number=3, generation=9))
    assert block == Superblock(UUID(bytes=bytes([3]) * 16), "piston:lab:n1", 9)
    assert parse_superblock(bytes(4096)) is None
    assert parse_superblock(superblock("x")[:100]) is None


def test_the_mirror_is_the_one_with_our_label_and_most_disks() -> None:
    ours, older = superblock("piston:a:n1"), superblock("piston:b:n1", number=2, generation=3)
    assert chosen(superblock("data", 4), ours, ours) == Mirror("piston:a:n1", ("/dev/1", "/dev/2"))
    assert chosen(older, ours, older) == Mirror("piston:b:n1", ("/dev/0", "/dev/2"))
    assert chosen(older, ours) == Mirror("piston:a:n1", ("/dev/1",))
    assert chosen(superblock("data"), bytes(4096)) is None


def test_replaced_files() -> None:
    data = struct.pack("iIII", 1, MOVED_TO, 0, 16) + b"rack.json".ljust(16, b"\0")
    assert parse_events(data + struct.pack("iIII", 1, DELETED, 0, 0)) == [
        (MOVED_TO, "rack.json"),
        (DELETED, ""),
    ]


def test_ports_of_a_new_node() -> None:
    arguments = added_arguments("mgmt", Node(6).cards)
    assert [arguments[at + 2 : at + 4] for at, it in enumerate(arguments) if it == "add-port"] == [
        ["n6-boot", "tag=1"],
        ["n6-bmc", "tag=1"],
    ]


def test_first_process_of_an_inner_namespace() -> None:
    assert is_first_process("Name:\tx\nNSpid:\t4711\t1\n")
    assert not is_first_process("NSpid:\t4711\t12\n")
    assert not is_first_process("NSpid:\t1\n")


def test_hierarchy() -> None:
    mounts = "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
    assert parse_hierarchy(mounts) == Path("/sys/fs/cgroup/unified")
    assert parse_hierarchy("proc /proc proc rw 0 0\n") is None


def test_l3_changes() -> None:
    assert address_changes("10.0.0.1/24", []) == [["add", "10.0.0.1/24"]]
    assert address_changes("10.0.0.1/24", ["10.0.0.1/24"]) == []
    assert address_changes("", ["10.0.0.1/24"]) == [["del", "10.0.0.1/24"]]
    changes = route_changes({"a": "1", "b": "2"}, {"b": "3", "c": "4"})
    assert ["del", "c", "proto", "static"] in changes
    assert ["replace", "a", "via", "1", "proto", "static"] in changes
    assert ["replace", "b", "via", "2", "proto", "static"] in changes

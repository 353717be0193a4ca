"""The rack's pure parts: definition, parsing, descriptions of writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.errors import DeviceRefused
from piston_iac.lab.bmc_log import FACTORY, describe, parse_state
from piston_iac.lab.boot_plan import argument, image_of, parse_boot_script
from piston_iac.lab.cgroups import parse_hierarchy
from piston_iac.lab.faults import Quirk, parse_quirk
from piston_iac.lab.firmware import boots_network
from piston_iac.lab.power import is_first_process
from piston_iac.lab.rack import MAX_NODES, Node, Rack
from piston_iac.lab.switch_l3 import address_changes, route_changes
from piston_iac.lab.switches import factory_arguments


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


def test_boot_order_is_network_by_default() -> None:
    assert [it for it in ("none", "pxe", "disk", "cdrom", "bios") if boots_network(it)] == ["none", "pxe"]


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

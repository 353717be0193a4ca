"""Does a node boot only what came to it, unaltered, over its own cable?"""

from __future__ import annotations

import pytest

from piston_iac.lab.faults import cut, plug, pull_disk, swap_disk
from piston_iac.lab.loops import find
from piston_iac.lab.power import enter_command, power_off, power_on, running
from piston_iac.lab.run import run
from tests.lab.rack.rig import Bench, wait_until


def inside(bench: Bench, *command: str) -> str:
    return run([*enter_command(bench.lab, "n1"), *command])


@pytest.fixture
def system(bench: Bench) -> None:
    """The node is on and its system runs."""
    power_on(bench.lab, "n1")
    wait_until("system runs", lambda: running(bench.lab, "n1").state == "system")


def test_powered_off_in_factory_state(bench: Bench) -> None:
    assert running(bench.lab, "n1").state == "off"
    assert "is off" in bench.ipmi("chassis", "power", "status")
    assert bench.database("data", "get", "port", "n1-data", "tag").strip() == "1"


def test_boots_over_the_cable(bench: Bench) -> None:
    bench.power_on()
    bench.wait_for_console("system up:")
    assert "address 10.30.10.11/24 from 10.30.10.5" in bench.console()
    assert "piston.node=n1" in inside(bench, "cat", "/proc/cmdline")
    assert inside(bench, "cat", "/sys/class/dmi/id/product_uuid").strip() == str(bench.node.hardware_uuid)
    assert "10.30.10.11/24" in inside(bench, "ip", "addr", "show", "eth0")
    assert running(bench.lab, "n1").state == "system"


def test_sees_its_own_disks_alone_and_they_are_hot_plugged(bench: Bench, system: None) -> None:
    serials = {f"piston-{disk.serial}" for disk in bench.node.disks}
    assert set(inside(bench, "ls", "/dev/disk/by-id").split()) == serials
    assert len(inside(bench, "ls", "/sys/block").split()) == len(serials)
    pull_disk(bench.lab, bench.node, 2)
    assert set(inside(bench, "ls", "/dev/disk/by-id").split()) == serials - {"piston-n1-local-2"}
    swap_disk(bench.lab, bench.node, 2, "fresh")
    assert "piston-fresh" in inside(bench, "ls", "/dev/disk/by-id")
    swap_disk(bench.lab, bench.node, 2, "")
    assert set(inside(bench, "ls", "/dev/disk/by-id").split()) == serials


def test_power_off_ends_the_machine(bench: Bench, system: None) -> None:
    bench.ipmi("chassis", "power", "off")
    assert "is off" in bench.ipmi("chassis", "power", "status")
    link = run(["ip", "-n", bench.lab.netns("n1"), "-br", "link", "show", "eth0"])
    assert "DOWN" in link


def test_cards_lose_their_state_without_power(bench: Bench, system: None) -> None:
    run(["ip", "-n", bench.lab.netns("n1"), "link", "add", "name", "left-over", "type", "bridge"])
    bench.power_on()
    bench.wait_for_console("system up:")
    assert "left-over" not in run(["ip", "-n", bench.lab.netns("n1"), "-br", "link"])


def test_wrong_vlan_stops_the_boot(bench: Bench) -> None:
    bench.set_vlan("n1-boot", 33)
    bench.power_on()
    bench.wait_for_console("no DHCP offer")
    assert "is on" in bench.ipmi("chassis", "power", "status")
    assert running(bench.lab, "n1").state == "firmware"
    bench.set_vlan("n1-boot", 10)
    bench.wait_for_console("system up:")


def test_pulled_cable_stops_the_boot(bench: Bench) -> None:
    cut(bench.lab, bench.rack, "n1", "boot")
    bench.power_on()
    bench.wait_for_console("eth0: link is down")
    plug(bench.lab, bench.rack, "n1", "boot")
    bench.wait_for_console("system up:")


@pytest.mark.parametrize("device", ["disk", "cdrom"])
def test_other_boot_device_has_nothing_to_boot(bench: Bench, device: str) -> None:
    bench.operator("sh", "-c", f"{' '.join(bench.ipmi_command('chassis', 'bootdev', device))} || true")
    bench.power_on()
    bench.wait_for_console("no bootable medium")
    power_off(bench.lab, "n1", hard=True)
    bench.operator("sh", "-c", f"{' '.join(bench.ipmi_command('chassis', 'bootdev', 'pxe'))} || true")


def test_altered_image_stops_the_boot(bench: Bench, image: bytes) -> None:
    """Even though this node booted the unaltered one before, and its verified copy is still here."""
    bench.publish(image)
    altered = image[:-1] + bytes([image[-1] ^ 1])
    bench.image.write_bytes(altered)
    bench.power_on()
    bench.wait_for_console("digest mismatch: expected ")
    assert "got " in bench.console()
    assert "system up:" not in bench.console()
    bench.publish(image)
    bench.power_on()
    bench.wait_for_console("system up:")


def test_deleted_image_stops_the_boot(bench: Bench) -> None:
    kept = bench.image.read_bytes()
    bench.image.unlink()
    bench.power_on()
    bench.wait_for_console("HTTP 404")
    bench.publish(kept)
    bench.wait_for_console("system up:")


def test_equal_images_share_one_loop_device(bench: Bench) -> None:
    (shared,) = bench.lab.images.glob("*.squashfs")
    assert find(shared)
    assert not list(bench.lab.images.glob("*.part"))

"""The disks of the nodes: sparse files on loop devices, pulled and swapped while the node runs.

A pulled disk has neither bytes nor capacity any more: every access from then on is an I/O error, as
with a disk that is gone. (A file cut short alone would read as zeros.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.lab.loops import attach, attach_as, cut, find, loop_devices, release
from piston_iac.lab.rack import DISK_BYTES, Disk, Node
from piston_iac.lab.run import run
from piston_iac.lab.settings import Lab


@dataclass(frozen=True)
class Attached:
    """A disk as the machine finds it: slot, serial, and the block device behind it with its numbers."""

    slot: int
    serial: str
    device: str
    major: int
    minor: int

    @property
    def kernel_name(self) -> str:
        """`loop7`."""
        return Path(self.device).name


def _attached(slot: int, serial: str, device: str) -> Attached:
    number = Path(device).stat().st_rdev
    return Attached(slot, serial, device, os.major(number), os.minor(number))


def _slot_file(lab: Lab, machine: str, slot: int) -> Path:
    return lab.home(machine) / "disks" / f"{slot}.json"


def _put(lab: Lab, node: Node, disk: Disk) -> str:
    file = _slot_file(lab, node.name, disk.slot).with_name(f"{disk.slot}-{disk.serial}.img")
    file.unlink(missing_ok=True)
    with file.open("wb") as image:
        image.truncate(DISK_BYTES)
    _slot_file(lab, node.name, disk.slot).write_text(json.dumps({"serial": disk.serial, "file": str(file)}))
    return attach(file)


def fill_slots(lab: Lab, node: Node) -> None:
    """Put a new blank disk into each slot."""
    (lab.home(node.name) / "disks").mkdir(parents=True)
    for disk in node.disks:
        _put(lab, node, disk)


def is_filled(lab: Lab, node: Node, slot: int) -> bool:
    """True while there is a disk in the slot."""
    return _slot_file(lab, node.name, slot).exists()


def attached_disks(lab: Lab, machine: str) -> tuple[Attached, ...]:
    """The disks that a machine has now, by slot."""
    devices = {backing: device for device, backing in loop_devices().items()}
    found = []
    for path in sorted((lab.home(machine) / "disks").glob("*.json")):
        slot = json.loads(path.read_text())
        if slot["file"] in devices:
            found.append(_attached(int(path.stem), slot["serial"], devices[slot["file"]]))
    return tuple(found)


def unplug_all(lab: Lab, machine: str) -> list[Callable[[], None]]:
    """One call for each disk of a machine that cuts it off, with its bytes as they are at that moment."""
    return [partial(cut, disk.device, DISK_BYTES) for disk in attached_disks(lab, machine)]


def replug(lab: Lab, machine: str) -> None:
    """Put the disks of a machine without power back as their files are, as if nothing had been done to them.

    Raises:
        TimedOut: the kernel does not let go of one.
    """
    for path in sorted((lab.home(machine) / "disks").glob("*.json")):
        file = Path(json.loads(path.read_text())["file"])
        device = find(file)
        if device:
            release(device)
        os.truncate(file, DISK_BYTES)
        if device:
            attach_as(file, device)
        else:
            attach(file)


def renew(lab: Lab, node: Node, slot: int) -> str:
    """Replace the disk of a node without power by a blank one with the same serial.

    Returns:
        That serial.
    Raises:
        SetupError: the slot is empty or does not exist.
    """
    serial, file = _read_slot(lab, node, slot, f"wipe disk {slot}")
    if device := find(file):
        release(device)
    _put(lab, node, Disk(slot, serial))
    return serial


def _read_slot(lab: Lab, node: Node, slot: int, action: str) -> tuple[str, Path]:
    path = _slot_file(lab, node.name, slot)
    if not path.exists():
        raise SetupError(node.name, action, "there is no disk in that slot", "Slots are 1 to 5")
    now = json.loads(path.read_text())
    return str(now["serial"]), Path(now["file"])


def pull(lab: Lab, node: Node, slot: int) -> str:
    """Pull the disk out of a slot, hot. Its bytes are lost.

    Returns:
        The serial of the disk that was there.
    Raises:
        SetupError: the slot is empty or does not exist.
    """
    serial, file = _read_slot(lab, node, slot, f"pull disk {slot}")
    device = find(file)
    # The file is gone but its loop device stays, without capacity: a system that has it open sees errors.
    os.truncate(file, 0)
    run(["losetup", "--set-capacity", device])
    file.unlink()
    _slot_file(lab, node.name, slot).unlink()
    return serial


def insert(lab: Lab, node: Node, slot: int, serial: str) -> Attached:
    """Put a new blank disk into an empty slot.

    Args:
        serial: what it says of itself; empty for the serial that the slot had from the factory.
    """
    factory = next((disk for disk in node.disks if disk.slot == slot), None)
    if factory is None:
        raise SetupError(node.name, f"insert disk {slot}", "there is no such slot", "Slots are 1 to 5")
    if _slot_file(lab, node.name, slot).exists():
        raise SetupError(node.name, f"insert disk {slot}", "the slot is not empty", "Pull its disk first")
    disk = Disk(slot, serial or factory.serial)
    return _attached(slot, disk.serial, _put(lab, node, disk))

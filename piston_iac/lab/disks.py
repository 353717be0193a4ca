"""The disks of the nodes: sparse files on loop devices, pulled and swapped while the node runs.

A pulled disk has neither bytes nor capacity any more: every access from then on is an I/O error, as
with a disk that is gone. (A file cut short alone would read as zeros.)
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.lab.loops import attach, find, loop_devices
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


def pull(lab: Lab, node: Node, slot: int) -> str:
    """Pull the disk out of a slot, hot. Its bytes are lost.

    Returns:
        The serial of the disk that was there.
    Raises:
        SetupError: the slot is empty or does not exist.
    """
    path = _slot_file(lab, node.name, slot)
    if not path.exists():
        raise SetupError(node.name, f"pull disk {slot}", "there is no disk in that slot", "Slots are 1 to 5")
    slot_now = json.loads(path.read_text())
    file = Path(slot_now["file"])
    device = find(file)
    # The file is gone but its loop device stays, without capacity: a system that has it open sees errors.
    os.truncate(file, 0)
    run(["losetup", "--set-capacity", device])
    file.unlink()
    path.unlink()
    return str(slot_now["serial"])


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

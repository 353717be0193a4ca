"""May this disk become this OSD, and what is to be done for it? Pure.

The marker comes from the node agent's look at the disk: see `node_report.Disk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from piston_iac.node_agent.disks import SeenDisk
from piston_iac.node_programs.program import Fault, Request

_PREFIX = "osd:"
_BLANK = "blank"


@dataclass(frozen=True)
class Osd:
    """An OSD as its disk's label has it. `fsid` and `number` are empty while it is half-made."""

    fsid: str
    uuid: str
    number: str


@dataclass(frozen=True)
class WantedOsd:
    """Which OSD the disk of a serial is to be. `erase`: what is on it now may go."""

    serial: str
    number: int
    uuid: str
    fsid: str
    erase: bool


class Deed(Enum):
    """What is to be done with the disk."""

    NOTHING = "nothing"
    MAKE = "make"
    ERASE_AND_MAKE = "erase and make"


def parse_wanted(raw: Request) -> WantedOsd:
    """Read the operator's request.

    Raises:
        KeyError, TypeError, ValueError: it does not fit.
    """
    if not isinstance(raw["erase"], bool):
        raise TypeError("erase is true or false")
    return WantedOsd(
        str(raw["serial"]), int(raw["id"]), str(raw["uuid"]).lower(), str(raw["fsid"]).lower(), raw["erase"]
    )


def osd_of(disk: SeenDisk) -> Osd | None:
    """The OSD on a disk, whole or half-made; None when it carries something else."""
    if not disk.marker.startswith(_PREFIX):
        return None
    fsid, uuid, number = disk.marker.removeprefix(_PREFIX).split("/")
    return Osd(fsid, uuid, number)


def judge(disk: SeenDisk, wanted: WantedOsd) -> Deed:
    """What to do to have the OSD on the disk.

    Raises:
        Fault: it may not be done; the disk carries something else.
    """
    osd = osd_of(disk)
    if osd == Osd(wanted.fsid, wanted.uuid, str(wanted.number)):
        return Deed.NOTHING
    if osd is None and disk.marker == _BLANK and not disk.live:
        return Deed.MAKE
    if disk.live:
        raise Fault(f"disk {disk.serial} is in use: it carries {disk.marker}")
    if osd == Osd("", wanted.uuid, "") or wanted.erase:
        return Deed.ERASE_AND_MAKE
    raise Fault(f"disk {disk.serial} carries {disk.marker}, and erasing it is not allowed")


def check_own(disk: SeenDisk, fsid: str) -> Osd:
    """The OSD that may be started from this disk.

    Raises:
        Fault: there is none, or it is one of another cluster.
    """
    osd = osd_of(disk)
    if osd is None or not osd.number:
        raise Fault(f"disk {disk.serial} carries no whole OSD but {disk.marker}")
    if osd.fsid != fsid:
        raise Fault(f"disk {disk.serial} carries an OSD of cluster {osd.fsid}, not of {fsid}")
    return osd

"""The OSDs of this node: `python3 -m piston_iac.node_programs.ceph_osd make|retire` and `… prime SERIAL`.

`make`: the disk becomes the OSD, and runs. In: {"serial", "id", "uuid", "fsid", "erase"}.
Out: {"made": true when it was made, false when it was there}.
`retire`: the OSD with that uuid stops, and its disk becomes blank. In: {"uuid"}. Out: {"erased": serial},
empty when no disk carries it.
`prime`: what the OSD needs to start, from its disk's label. Run by the unit `piston-osd@`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent import units
from piston_iac.node_agent.disks import SeenDisk, see_disks
from piston_iac.node_agent.tools import run
from piston_iac.node_programs.ceph_conf import read_conf
from piston_iac.node_programs.osd_claim import (
    Deed,
    Osd,
    WantedOsd,
    check_own,
    judge,
    osd_of,
    parse_wanted,
)
from piston_iac.node_programs.osd_store import describe, erase, make_directory, make_osd, write_environment
from piston_iac.node_programs.program import Answer, Fault, alone, converse, guarded, leave

_STOP_S = 60.0
_RELEASE_S = 10.0
_PRIME = 2


@dataclass(frozen=True)
class Units:
    """How units are started and stopped."""

    start: Callable[[str], None]
    stop: Callable[[str], None]


def make(wanted: WantedOsd, units_: Units) -> Answer:
    """Have the OSD on its disk and running.

    Raises:
        Fault: the disk is not there or carries something else. ToolFailed: ceph-osd or systemd refused.
    """
    own = read_conf(ceph_layout.CONF).fsid
    if own != wanted.fsid:
        raise Fault(f"this node's ceph.conf is for cluster {own}, not {wanted.fsid}")
    with alone():
        disk = _disk(wanted.serial)
        deed = judge(disk, wanted)
        if deed is Deed.ERASE_AND_MAKE:
            erase(disk)
        if deed is not Deed.NOTHING:
            osd = Osd(wanted.fsid, wanted.uuid, str(wanted.number))
            make_directory(disk, osd)
            make_osd(osd)
            if osd_of(_disk(wanted.serial)) != osd:
                raise Fault(f"disk {wanted.serial} does not carry OSD {osd.number} although it was made")
        units_.start(ceph_layout.osd_unit(wanted.serial))
    return {"made": deed is not Deed.NOTHING}


def retire(uuid: str, units_: Units) -> Answer:
    """Stop the OSD with that uuid and make its disk blank; nothing when no disk carries it.

    Raises:
        Fault: it does not let go of the disk. ToolFailed: systemd refused.
    """
    with alone():
        disk = _with_osd(uuid)
        if disk is None:
            return {"erased": ""}
        units_.stop(ceph_layout.osd_unit(disk.serial))
        deadline = Deadline.after(_RELEASE_S)
        while (disk := _disk(disk.serial)).live:
            if deadline.over():
                raise Fault(f"disk {disk.serial} is still in use after its OSD was stopped")
            deadline.pause(0.2)
        erase(disk)
    return {"erased": disk.serial}


def prime(serial: str) -> None:
    """Make ready what the OSD on that disk needs to start.

    Raises:
        Fault: the disk is not there, or carries no OSD of this cluster.
    """
    disk = _disk(serial)
    osd = check_own(disk, read_conf(ceph_layout.CONF).fsid)
    describe(make_directory(disk, osd), osd)
    write_environment(serial, osd)


def stop_unit(unit: str) -> None:
    """Stop a unit and wait until it has.

    Raises:
        ToolFailed: systemd refused.
    """
    run("systemctl", "stop", unit, limit_s=_STOP_S)


def _disk(serial: str) -> SeenDisk:
    found = next((disk for disk in see_disks() if disk.serial == serial), None)
    if found is None:
        raise Fault(f"there is no disk {serial} in this node")
    return found


def _with_osd(uuid: str) -> SeenDisk | None:
    for disk in see_disks():
        osd = osd_of(disk)
        if osd is not None and osd.uuid == uuid:
            return disk
    return None


def main(arguments: list[str], units_: Units) -> int:
    """Returns the exit status."""
    if arguments == ["make"]:
        return converse(parse_wanted, lambda wanted: make(wanted, units_))
    if arguments == ["retire"]:
        return converse(lambda raw: str(raw["uuid"]).lower(), lambda uuid: retire(uuid, units_))
    if len(arguments) == _PRIME and arguments[0] == "prime":
        return guarded(lambda: prime(arguments[1]))
    print("usage: ceph_osd make|retire or ceph_osd prime SERIAL", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:], Units(units.start, stop_unit)))

"""A mon store made anew from the OSDs, when every one is gone.

`python3 -m piston_iac.node_programs.mon_rebuild collect|install`

`collect` stops this node's OSDs and adds the maps that they keep. In: the store so far (`mon_rebuild_tar`),
nothing on the first node. Out: the store with this node's OSDs. They stay stopped: without mons they are of
no use, and what starts Ceph on a node starts them.
`install` makes the store that of this node's mon, the only one so far, and starts it.
In: one line {"node", "fsid", "address", "entities": {name: {"key", "caps": {daemon: caps}}}}, then the store.
Out: {"osds": [numbers]}.
Both refuse while any mon of the cluster takes a connection: then not every store is gone.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent import units
from piston_iac.node_agent.disks import SeenDisk, see_disks
from piston_iac.node_programs.ceph_conf import CephConf, read_conf, read_key
from piston_iac.node_programs.ceph_osd import Units, stop_unit
from piston_iac.node_programs.mon_rebuild_request import parse_install
from piston_iac.node_programs.mon_rebuild_store import add_osd, ceph_owner, make_mon, make_place, workplace
from piston_iac.node_programs.mon_rebuild_tar import pack, unpack
from piston_iac.node_programs.mon_store import (
    MON_ENTITY,
    check_mirror,
    clear_half_made,
    ready_fsid,
)
from piston_iac.node_programs.osd_claim import Osd, osd_of
from piston_iac.node_programs.program import Fault, alone, guarded, leave
from piston_iac.node_programs.reach import reachable

_RELEASE_S = 10.0


def collect(given: IO[bytes], output: IO[bytes], units_: Units) -> None:
    """Add this node's OSDs to the store that is given, and write it out.

    Raises:
        Fault: a mon answers, an OSD does not let go of its disk, or its maps cannot be read.
        ToolFailed: systemd refused.
    """
    conf = read_conf(ceph_layout.CONF)
    with alone():
        _refuse_beside_mons(conf)
        if ready_mon := _own_ready(conf):
            raise Fault(f"this node has a whole mon store: {ready_mon}")
        own = _own_osds(conf.fsid)
        # Without mons each takes 5 s to go: it waits for them to take its farewell.
        with ThreadPoolExecutor() as pool:
            list(pool.map(units_.stop, [ceph_layout.osd_unit(disk.serial) for disk, _ in own]))
        with workplace() as store:
            osds = unpack(given, store, ceph_owner())
            for disk, osd in own:
                _await_release(disk.serial)
                add_osd(disk, osd, store)
            pack(store, [*osds, *(int(osd.number) for _, osd in own)], output)


def install(given: IO[bytes], output: IO[bytes], units_: Units) -> None:
    """Make the mon from the store that is given, and start it.

    Raises:
        Fault: a mon answers, a whole store is there, no OSD is in the one given, or it does not fit.
        ToolFailed: one of Ceph's tools or systemd refused.
    """
    request = parse_install(given.readline())
    check_mirror()
    conf = read_conf(ceph_layout.CONF)
    if conf.fsid != request.fsid:
        raise Fault(f"this node's ceph.conf is for cluster {conf.fsid}, not {request.fsid}")
    key = read_key(ceph_layout.MON_KEYRING, MON_ENTITY)
    with alone():
        _refuse_beside_mons(conf)
        if found := ready_fsid(request.node):
            raise Fault(f"this node has a whole mon store, of cluster {found}")
        clear_half_made(request.node)
        data = Path(ceph_layout.mon_data(request.node))
        make_place(data)
        osds = unpack(given, data, ceph_owner())
        if not osds:
            raise Fault("no OSD is in the mon store that was sent")
        make_mon(request.node, request.fsid, request.address, request.entities, key, int(time.time() * 1000))
        units_.start(ceph_layout.mon_unit(request.node))
    output.write(json.dumps({"osds": osds}).encode())


def _refuse_beside_mons(conf: CephConf) -> None:
    """Two histories of one cluster would be the end of its data."""
    answering = [host for host, _ in reachable(conf.mons)]
    if answering:
        raise Fault(f"a mon answers at {', '.join(answering)}: this cluster is not without mons")


def _own_ready(conf: CephConf) -> str:
    """The mark of a whole store of this cluster on this node; empty when there is none."""
    for mark in sorted(Path(ceph_layout.MON_ROOT).glob("*.ready")):
        if mark.read_text().strip() == conf.fsid:
            return mark.name
    return ""


def _own_osds(fsid: str) -> list[tuple[SeenDisk, Osd]]:
    found = [(disk, osd_of(disk)) for disk in see_disks()]
    return [(disk, osd) for disk, osd in found if osd and osd.fsid == fsid and osd.number]


def _await_release(serial: str) -> None:
    deadline = Deadline.after(_RELEASE_S)
    while any(disk.live for disk in see_disks() if disk.serial == serial):
        if deadline.over():
            raise Fault(f"disk {serial} is still in use after its OSD was stopped")
        deadline.pause(0.2)


def main(arguments: list[str], units_: Units) -> int:
    """Returns the exit status."""
    acts = {"collect": collect, "install": install}
    if len(arguments) != 1 or arguments[0] not in acts:
        print("usage: mon_rebuild collect|install", file=sys.stderr)
        return 2
    return guarded(lambda: acts[arguments[0]](sys.stdin.buffer, sys.stdout.buffer, units_))


if __name__ == "__main__":
    leave(main(sys.argv[1:], Units(units.start, stop_unit)))

"""Bring the rack up, powered off and in factory state; take it down and leave nothing."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import SetupError, TimedOut
from piston_iac.lab.bmcs import prepare_bmc, remove_locks, start_bmc, wait_for_bmc
from piston_iac.lab.cgroups import rack_unit
from piston_iac.lab.disks import fill_slots
from piston_iac.lab.loops import detach_below, loop_devices
from piston_iac.lab.network import make_network, namespaces, remove_network
from piston_iac.lab.power import prepare_machine
from piston_iac.lab.rack import MAX_NODES, SWITCHES, Rack
from piston_iac.lab.record import read_record, write_record
from piston_iac.lab.run import launch
from piston_iac.lab.settings import Lab
from piston_iac.lab.socket_room import put_back, raise_room
from piston_iac.lab.switches import PROJECT, start_switch, switch_alive

_TOOLS = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "losetup": "mount",
    "ethtool": "ethtool",
    "ipmi_sim": "openipmi",
    "ovs-vswitchd": "openvswitch-switch",
    "busybox": "busybox",
}
_TOOL_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_START_S = 10.0


def check_machine() -> None:
    """Find out what this machine lacks for a rack, all of it at once.

    Raises:
        SetupError: something is missing.
    """
    if os.geteuid() != 0:
        raise SetupError(
            "this machine", "run a virtual rack", "only root can make namespaces", "Run it as root"
        )
    missing = [package for tool, package in _TOOLS.items() if not shutil.which(tool, path=_TOOL_PATH)]
    if missing:
        raise SetupError(
            "this machine",
            "run a virtual rack",
            f"programs are missing: {', '.join(missing)}",
            f"apt-get install {' '.join(missing)}",
        )


def is_whole(lab: Lab) -> bool:
    """True when a rack of ours is there with all that it needs to run."""
    if not lab.record.exists():
        return False
    rack = read_record(lab)
    wanted = {lab.netns(place) for place in rack.places}
    attendant = rack_unit(lab.prefix).child("attendant").alive()
    return attendant and wanted <= set(namespaces(lab)) and all(switch_alive(lab, it) for it in SWITCHES)


def up(lab: Lab, size: int) -> bool:
    """Make the rack, unless it is there already. Returns False when it was.

    Raises:
        SetupError: another size is up, or this machine lacks something.
    """
    check_machine()
    if not 1 <= size <= MAX_NODES:
        raise SetupError("virtual rack", "bring it up", f"{size} nodes", f"Choose 1 to {MAX_NODES}")
    if is_whole(lab):
        there = read_record(lab).size
        if there != size:
            raise SetupError(
                "virtual rack", "bring it up", f"one with {there} nodes is up", "Run `piston lab down` first"
            )
        return False
    down(lab)
    _make(lab, Rack(size))
    return True


def _make(lab: Lab, rack: Rack) -> None:
    lab.directory.mkdir(parents=True, mode=0o700)
    for machine in rack.machines:
        lab.home(machine).mkdir()
        prepare_machine(lab, machine)
    for node in rack.nodes:
        prepare_bmc(lab, node)
    write_record(lab, rack)
    raise_room(lab)
    make_network(lab, rack)
    with ThreadPoolExecutor(4) as pool:
        parts = [pool.submit(start_switch, lab, switch, rack) for switch in SWITCHES]
        parts += [pool.submit(fill_slots, lab, node) for node in rack.nodes]
        parts.append(pool.submit(_start_attendant, lab))
        for part in parts:
            part.result()
    for node in rack.nodes:
        start_bmc(lab, node)
    for node in rack.nodes:
        wait_for_bmc(lab, node)


def _start_attendant(lab: Lab) -> None:
    environment = [
        f"PYTHONPATH={PROJECT}",
        f"PISTON_LAB_DIR={lab.directory}",
        f"PISTON_LAB_PREFIX={lab.prefix}",
        "PYTHONDONTWRITEBYTECODE=1",
    ]
    command = ["env", *environment, sys.executable, "-m", "piston_iac.lab.attendant"]
    log = lab.directory / "attendant.log"
    launch(rack_unit(lab.prefix).child("attendant"), command, log=log)
    deadline = Deadline.after(_START_S)
    while not (lab.directory / "attendant.ready").exists():
        if deadline.over():
            raise TimedOut("virtual rack", "start the attendant", "it is not ready", f"Read {log}")
        deadline.pause(0.02)


def down(lab: Lab) -> None:
    """Remove everything that carries the rack's prefix or lies in its directory, alive or stale."""
    rack_unit(lab.prefix).remove()
    remove_network(lab)
    remove_locks(lab)
    detach_below(lab.directory)
    put_back(lab)
    if lab.directory.exists():
        shutil.rmtree(lab.directory)


def leftovers(lab: Lab) -> tuple[str, ...]:
    """What of the rack is still on this machine: empty after a good `down`."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = [f"namespace {name}" for name in namespaces(lab)]
    found += [f"mount {path}" for path in mounts if path.startswith(f"{lab.directory}")]
    found += [
        f"loop device {device}"
        for device, file in loop_devices().items()
        if file.startswith(f"{lab.directory}/")
    ]
    found += [f"process {pid}" for pid in rack_unit(lab.prefix).processes()]
    found += [f"directory {it}" for it in (lab.directory, rack_unit(lab.prefix).path) if it.exists()]
    return tuple(found)

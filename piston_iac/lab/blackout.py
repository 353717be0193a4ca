"""Power is lost: named machines stop at the same moment, and their disks keep what had reached them by then.

Virtual machines share the kernel that runs them, and that kernel outlives them: what it holds in its page
cache above a disk it would still write after they are gone, and no write would ever be lost. So the
disks are cut off first. The processes are frozen before that: none of them sees a disk that fails.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from piston_iac.deadline import Deadline
from piston_iac.lab.cgroups import Unit
from piston_iac.lab.disks import replug, unplug_all
from piston_iac.lab.power import machine_unit, power_off
from piston_iac.lab.settings import Lab

# A process that hangs in the kernel cannot be stopped. Power does not wait for it.
_FREEZE_S = 1.0
# Cutting a disk waits for the kernel, not for the processor.
_MOST_THREADS = 64


@dataclass(frozen=True)
class Blackout:
    """What happened. Times are seconds since the first machine was stopped.

    Args:
        machines: those that had power.
        frozen_s: no process of theirs ran any more.
        cut_s: no write reached a disk of theirs any more.
        whole_s: the disks are back, the machines may be switched on.
    """

    machines: tuple[str, ...]
    disks: int
    frozen_s: float
    cut_s: float
    whole_s: float


def black_out(lab: Lab, machines: Sequence[str]) -> Blackout:
    """Take the power from machines. Calling it again finishes what an interrupted call began.

    What it cannot take: the boot node's data directory is no disk, the page cache above it survives.

    Raises:
        TimedOut: the kernel does not let go of a disk or a process.
    """
    powered = tuple(machine for machine in machines if machine_unit(lab, machine).alive())
    units = [machine_unit(lab, machine) for machine in powered]
    cuts = [cut for machine in machines for cut in unplug_all(lab, machine)]
    with ThreadPoolExecutor(_MOST_THREADS) as pool:
        began = time.monotonic()
        _freeze(units)
        frozen = time.monotonic()
        for done in [pool.submit(cut) for cut in cuts]:
            done.result()
        is_cut = time.monotonic()
        for done in [pool.submit(_switch_off, lab, machine) for machine in machines]:
            done.result()
    whole = time.monotonic()
    return Blackout(powered, len(cuts), frozen - began, is_cut - began, whole - began)


def _freeze(units: Sequence[Unit]) -> None:
    for unit in units:
        unit.freeze()
    deadline = Deadline.after(_FREEZE_S)
    while not all(unit.is_frozen() for unit in units) and not deadline.over():
        deadline.pause(0.002)


def _switch_off(lab: Lab, machine: str) -> None:
    unit = machine_unit(lab, machine)
    unit.kill()
    # Else the machine would stay frozen when it is switched on.
    unit.thaw()
    power_off(lab, machine, hard=True)
    replug(lab, machine)

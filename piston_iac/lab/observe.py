"""What the rack looks like from outside, and how many writes its devices have seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from piston_iac.lab.bmcs import FLUSH_S, bmc_unit
from piston_iac.lab.disks import attached_disks
from piston_iac.lab.firmware import boot_device
from piston_iac.lab.network import ports_down
from piston_iac.lab.power import running
from piston_iac.lab.rack import BOOT, SWITCHES, Rack
from piston_iac.lab.settings import Lab
from piston_iac.lab.switches import switch_alive


@dataclass(frozen=True)
class MachineState:
    """One machine. `state` is `off`, `firmware` or `system`; `bmc` is `running`, `dead` or `none`."""

    name: str
    state: str
    boot_device: str
    bmc: str
    disks: tuple[str, ...]


@dataclass(frozen=True)
class RackState:
    """The whole rack. `switches` says for each whether it runs; `cut` names ports without a cable."""

    directory: str
    prefix: str
    switches: dict[str, bool]
    cut: tuple[str, ...]
    machines: tuple[MachineState, ...]


def observe(lab: Lab, rack: Rack) -> RackState:
    """Look at everything once."""
    machines = [MachineState(BOOT, running(lab, BOOT).state, "usb", "none", ())]
    for node in rack.nodes:
        bmc = "running" if bmc_unit(lab, node).alive() else "dead"
        disks = tuple(disk.serial for disk in attached_disks(lab, node.name))
        device = boot_device(lab.home(node.name))
        machines.append(MachineState(node.name, running(lab, node.name).state, device, bmc, disks))
    alive = {switch: switch_alive(lab, switch) for switch in SWITCHES}
    return RackState(str(lab.directory), lab.prefix, alive, ports_down(lab, rack), tuple(machines))


@dataclass(frozen=True)
class Writes:
    """Writes that each device counted since the rack came up.

    `nodes` counts the agent's journal of this boot; None for a node whose system does not run.
    `boot_node` counts the boot node's journal, None when it has none.
    """

    switches: dict[str, int]
    bmcs: dict[str, int]
    nodes: dict[str, int | None]
    boot_node: int | None


def count_lines(file: Path) -> int | None:
    """Lines of a log; None when there is none."""
    try:
        return file.read_bytes().count(b"\n")
    except OSError:
        return None


def count_writes(lab: Lab, rack: Rack) -> Writes:
    """Count at the devices. Waits until the BMCs have stored what they were told last."""
    time.sleep(FLUSH_S)
    journals: dict[str, int | None] = {}
    for node in rack.nodes:
        init = running(lab, node.name).init
        # A system without a journal has not written anything yet.
        journal = Path(f"/proc/{init}/root/run/piston/journal.jsonl")
        journals[node.name] = (count_lines(journal) or 0) if init else None
    return Writes(
        {switch: count_lines(lab.home(switch) / "writes.log") or 0 for switch in SWITCHES},
        {node.name: count_lines(lab.home(node.bmc_place) / "writes.log") or 0 for node in rack.nodes},
        journals,
        count_lines(lab.home(BOOT) / "data" / "journal.jsonl"),
    )

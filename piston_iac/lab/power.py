"""Power buttons, and what runs behind them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import SetupError, TimedOut
from piston_iac.lab.bmcs import CHASSIS_SCRIPT
from piston_iac.lab.cgroups import Unit, rack_unit
from piston_iac.lab.run import run
from piston_iac.lab.settings import Lab

_SOFT_OFF_S = 30.0
# PID 1 until the root is built; then the same process becomes systemd.
_BUILDER = b"piston_iac.lab.node_root"


@dataclass(frozen=True)
class Running:
    """State of a machine: `off`, `firmware` or `system`; `init` is the system's PID 1 seen from here."""

    state: str
    init: int = 0


def machine_unit(lab: Lab, machine: str) -> Unit:
    """The processes of a machine: its firmware and its system."""
    return rack_unit(lab.prefix).child(machine)


def prepare_machine(lab: Lab, machine: str) -> None:
    """Make its control groups; the chassis script expects them."""
    for part in ("firmware", "system"):
        machine_unit(lab, machine).child(part).create()


def is_first_process(status: str) -> bool:
    """True when /proc/<pid>/status tells of a PID 1 of an inner PID namespace. Pure."""
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return len(line.split()) > 2 and line.split()[-1] == "1"
    return False


def running(lab: Lab, machine: str) -> Running:
    """What the machine does now."""
    unit = machine_unit(lab, machine)
    if not unit.alive():
        return Running("off")
    for process in unit.child("system").processes():
        with suppress(OSError):
            first = is_first_process(Path(f"/proc/{process}/status").read_text())
            if first and _BUILDER not in Path(f"/proc/{process}/cmdline").read_bytes():
                return Running("system", process)
    return Running("firmware")


def press(lab: Lab, machine: str, button: str) -> None:
    """Press `on`, `off` (hold: hard) or `soft` (ask the system)."""
    run([str(CHASSIS_SCRIPT), str(lab.directory), machine, "press", button])


def power_on(lab: Lab, machine: str) -> None:
    """Switch a machine on; nothing happens when it is on already."""
    press(lab, machine, "on")


def power_off(lab: Lab, machine: str, *, hard: bool) -> None:
    """Switch a machine off: hard at once, else by asking its system.

    Raises:
        TimedOut: the system does not switch itself off.
    """
    press(lab, machine, "off" if hard else "soft")
    deadline = Deadline.after(_SOFT_OFF_S)
    while machine_unit(lab, machine).alive():
        if deadline.over():
            raise TimedOut(
                machine,
                "power off",
                f"still on after {_SOFT_OFF_S:.0f} s",
                f"piston lab power {machine} off --hard",
            )
        deadline.pause(0.05)


def enter_command(lab: Lab, machine: str) -> list[str]:
    """Command that enters a running machine from outside, as with a keyboard at its console.

    Raises:
        SetupError: no system runs there.
    """
    now = running(lab, machine)
    if now.state != "system":
        raise SetupError(
            machine,
            "enter it",
            f"it is {'off' if now.state == 'off' else 'in its firmware'}",
            "Wait until it runs",
        )
    kinds = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
    clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb", "LANG=C.UTF-8"]
    return [*clean, "nsenter", f"--target={now.init}", *kinds]

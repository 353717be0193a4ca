"""Processes of the rack, held by control groups instead of process ids.

A control group knows its processes whatever they fork, and the kernel empties it with one write. No
process id is ever stored, so a stale or reused one cannot fool anybody.
Source: Documentation/admin-guide/cgroup-v2.rst (cgroup.events, cgroup.freeze, cgroup.kill).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import SetupError, TimedOut

_KILL_S = 10.0


def parse_hierarchy(mounts: str) -> Path | None:
    """Where the cgroup v2 hierarchy is mounted, from the text of /proc/self/mounts."""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) > 2 and fields[2] == "cgroup2":
            return Path(fields[1])
    return None


def hierarchy() -> Path:
    """The mounted cgroup v2 hierarchy.

    Raises:
        SetupError: there is none.
    """
    found = parse_hierarchy(Path("/proc/self/mounts").read_text())
    if found is None:
        raise SetupError(
            "this machine",
            "find control groups",
            "no cgroup2 file system is mounted",
            "Mount one: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified",
        )
    return found


@dataclass(frozen=True)
class Unit:
    """One control group: a device's processes, or all of a rack's."""

    path: Path

    def child(self, name: str) -> Unit:
        """A unit inside this one."""
        return Unit(self.path / name)

    def create(self) -> None:
        """Make it, with its parents."""
        self.path.mkdir(parents=True, exist_ok=True)

    def alive(self) -> bool:
        """True while it or a unit below it has a process."""
        with suppress(FileNotFoundError):
            return "populated 1" in (self.path / "cgroup.events").read_text()
        return False

    def processes(self) -> tuple[int, ...]:
        """Process ids in it and below, now."""
        found: list[int] = []
        for file in self.path.rglob("cgroup.procs"):
            with suppress(OSError):
                found += [int(line) for line in file.read_text().split()]
        return tuple(found)

    def freeze(self) -> None:
        """Have the kernel stop every process in it and below; `is_frozen` says when all have stopped."""
        (self.path / "cgroup.freeze").write_text("1")

    def thaw(self) -> None:
        """Let processes run again, and those that will come."""
        with suppress(FileNotFoundError):
            (self.path / "cgroup.freeze").write_text("0")

    def is_frozen(self) -> bool:
        """True when every process in it and below has stopped; none is inside a system call then."""
        with suppress(FileNotFoundError):
            return "frozen 1" in (self.path / "cgroup.events").read_text()
        return True

    def kill(self) -> None:
        """Kill every process in it and below, and wait until they are gone.

        Raises:
            TimedOut: something cannot be killed (it hangs in the kernel).
        """
        if not self.path.exists():
            return
        deadline = Deadline.after(_KILL_S)
        (self.path / "cgroup.kill").write_text("1")
        while self.alive():
            if deadline.over():
                raise TimedOut(
                    str(self.path),
                    "end its processes",
                    f"alive after {_KILL_S:.0f} s",
                    "Look at them with ps",
                )
            deadline.pause(0.02)

    def remove(self) -> None:
        """Kill it and remove it with all units below."""
        self.kill()
        deadline = Deadline.after(_KILL_S)
        while self.path.exists():
            below = sorted(self.path.rglob("*/"), key=lambda path: len(path.parts), reverse=True)
            for directory in (*below, self.path):
                # A group stays busy for a moment after its last process has gone.
                with suppress(OSError):
                    directory.rmdir()
            if deadline.over():
                raise TimedOut(str(self.path), "remove the control group", "it stays busy", "Try again")
            if self.path.exists():
                deadline.pause(0.02)


def rack_unit(prefix: str) -> Unit:
    """The unit that holds all of a rack's processes."""
    return Unit(hierarchy() / f"{prefix}-rack")

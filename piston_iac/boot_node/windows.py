"""Enrolment windows: which machines are being deployed right now, and for how long.

Kept over a restart of the service, closed by a restart of the machine: after one nobody can say how
long ago a window was opened, and an open one lets a machine become a node.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piston_iac.boot_node.store import read_json, write_json
from piston_iac.boot_node.timing import BootClock
from piston_iac.hardware_uuid import same_hardware


@dataclass(frozen=True)
class Machine:
    """One machine: boot card's MAC and hardware UUID; an empty UUID stands for any."""

    mac: str
    hardware_uuid: str

    def admits(self, other: Machine) -> bool:
        """Whether `other` is this machine."""
        anyone = not self.hardware_uuid
        return self.mac == other.mac and (anyone or same_hardware(self.hardware_uuid, other.hardware_uuid))


def machine(mac: str, hardware_uuid: str) -> Machine:
    """A machine by its identifiers in any letter case."""
    return Machine(mac.lower(), hardware_uuid.lower())


class Windows:
    """Open windows by node name. Kept in `path`."""

    def __init__(self, path: Path, clock: BootClock) -> None:
        self._path = path
        self._clock = clock
        raw: dict[str, Any] = read_json(path) or {"boot_id": "", "windows": {}}
        entries = raw["windows"] if raw["boot_id"] == clock.boot_id else {}
        self._open = {
            node: (Machine(entry["mac"], entry["hardware_uuid"]), float(entry["until_s"]))
            for node, entry in entries.items()
        }

    def _keep(self) -> None:
        windows = {node: {**vars(who), "until_s": until} for node, (who, until) in self._open.items()}
        write_json(self._path, {"boot_id": self._clock.boot_id, "windows": windows})

    def open(self, node: str, who: Machine, seconds: float) -> bool:
        """Open or extend; False when the same machine's window was open already."""
        before = self.machine(node)
        self._open[node] = (who, self._clock.now_s() + seconds)
        self._keep()
        return before != who

    def close(self, node: str) -> bool:
        """Close; False when it was not open."""
        was_open = self.machine(node) is not None
        if self._open.pop(node, None):
            self._keep()
        return was_open

    def machine(self, node: str) -> Machine | None:
        """The machine whose window is open for that node."""
        who, until = self._open.get(node, (None, 0.0))
        return who if until > self._clock.now_s() else None

    def left_s(self) -> dict[str, float]:
        """Open windows and the seconds they have left."""
        now_s = self._clock.now_s()
        return {node: round(until - now_s, 1) for node, (_, until) in self._open.items() if until > now_s}

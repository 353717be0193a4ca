"""Reads the start of disks, each in a thread of its own: one that hangs holds up nobody else.

A failed disk may keep its reader in the kernel for minutes, and such a reader cannot even be killed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.node_agent.bluestore_label import BluestoreLabel, parse_label
from piston_iac.node_agent.tools import ToolFailed, run

_HEAD_BYTES = 65536


@dataclass(frozen=True)
class Look:
    """What wipefs would find, as it prints it, whether the first bytes are all zero, and the OSD's label.

    Of a whole OSD nothing else is looked for.
    """

    signatures: tuple[dict[str, Any], ...]
    head_is_zero: bool
    label: BluestoreLabel | None = None


class Prober:
    """Looks at disks, never twice at once at the same one: who comes second gets the same answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, _Reader] = {}

    def look(self, devices: Iterable[str], limit_s: float) -> dict[str, Look]:
        """What is on each device; one that cannot be read, or not in time, is left out."""
        deadline = Deadline.after(limit_s)
        readers = {device: self._reader(device) for device in devices}
        for reader in readers.values():
            reader.join(deadline.left_s())
        return {device: reader.look for device, reader in readers.items() if reader.look is not None}

    def _reader(self, device: str) -> _Reader:
        with self._lock:
            reader = self._under_way.get(device)
            if reader is None or not reader.is_alive():
                reader = self._under_way[device] = _Reader(device)
                reader.start()
            return reader


class _Reader(threading.Thread):
    """Reads one disk. `look` stays None when that fails."""

    def __init__(self, device: str) -> None:
        super().__init__(name=f"look at {device}", daemon=True)
        self._device = device
        self.look: Look | None = None

    def run(self) -> None:
        """The thread itself."""
        self.look = _look(self._device)


def _look(device: str) -> Look | None:
    try:
        with Path(device).open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES:
            return None
        label = parse_label(head)
        if label is not None and label.whole:
            # Ceph would run it as it is, whatever else wipefs saw; and reports are asked for all day.
            return Look((), head_is_zero=False, label=label)
        # wipefs only looks here. It says nothing at all about a disk without signatures.
        text = run("wipefs", "--json", "--no-act", device).strip()
    except (OSError, ToolFailed):
        return None
    return Look(tuple(json.loads(text)["signatures"]) if text else (), not any(head), label)

"""The serial line of each machine: a pseudo terminal to the machine, another one to its BMC.

What the machine prints goes to a log file, which is the line's history, and to the BMC for serial over
LAN. What comes from the BMC goes to the machine. Like a real line it has no flow control: what nobody
reads is lost.
"""

from __future__ import annotations

import os
import tty
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, BaseSelector

_CHUNK = 65536
_LOG_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Terminal:
    """Both ends of a pseudo terminal. We keep the far end open too, so that it never hangs up."""

    near: int
    far: int


def open_terminal(link: Path, *, raw: bool) -> Terminal:
    """Make a pseudo terminal and let `link` point to its far end."""
    near, far = os.openpty()
    os.set_blocking(near, False)
    if raw:
        tty.setraw(far)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(far))
    return Terminal(near, far)


class SerialLine:
    """One machine's line. `bmc_link` is None for a machine without a BMC."""

    def __init__(self, machine_link: Path, bmc_link: Path | None, log: Path) -> None:
        self._machine = open_terminal(machine_link, raw=False)
        self._bmc = open_terminal(bmc_link, raw=True) if bmc_link else None
        self._path = log
        self._log = log.open("ab", buffering=0)

    def register(self, selector: BaseSelector) -> None:
        """Have the selector call this line when there is something to read."""
        selector.register(self._machine.near, EVENT_READ, self._from_machine)
        if self._bmc:
            selector.register(self._bmc.near, EVENT_READ, self._from_bmc)

    def _from_machine(self) -> None:
        text = _read(self._machine.near)
        self._log.write(text)
        if self._log.tell() > _LOG_BYTES:
            self._start_new_log()
        if self._bmc:
            _write(self._bmc.near, text)

    def _from_bmc(self) -> None:
        if self._bmc:
            _write(self._machine.near, _read(self._bmc.near))

    def _start_new_log(self) -> None:
        self._log.close()
        self._path.replace(self._path.with_suffix(".log.1"))
        self._log = self._path.open("ab", buffering=0)


def _read(descriptor: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(descriptor, _CHUNK)
    return b""


def _write(descriptor: int, text: bytes) -> None:
    with suppress(BlockingIOError):
        os.write(descriptor, text)


def last_lines(log: Path, count: int) -> list[str]:
    """The last lines that a machine printed, without control characters."""
    parts = [path.read_bytes() for path in (log.with_suffix(".log.1"), log) if path.exists()]
    lines = b"".join(parts).decode(errors="replace").replace("\r", "").split("\n")
    clean = ["".join(it for it in line if it.isprintable()) for line in lines]
    return [line for line in clean if line][-count:]

"""How long the host lives: as long as its engine needs it, and never longer.

- SIGINT is how the engine ends a plugin, after hanging up. The host then leaves.
- SIGINT while the engine is still connected is the operator's Ctrl-C. Operations are told to stop
  (`runtime.CANCELLED`), and the host serves until the engine hangs up, so that nothing gets lost.
- A dead engine (observed: after kill -9 the stock host works on and never exits) ends the host too:
  operations are told to stop, get a few seconds, then the process ends whatever they do.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.host.engine import Engine

_LOOK_EVERY_S = 0.5
_LOOK_AFTER_INTERRUPT_S = 0.05
_ASK_ADDRESS_EVERY = 4  # looks
_FINISH_WITHIN_S = 4.0  # the engine kills a plugin 5 s after the interrupt
# gRPC listens on a dual-stack socket where it can: its IPv4 connections are then in the second table.
_TABLES = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))
_ESTABLISHED = "01"  # include/net/tcp_states.h


class Work:
    """How many operations run right now."""

    def __init__(self) -> None:
        self._running = 0
        self._changed = threading.Condition()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count an operation while it runs."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def wait_idle(self, deadline: Deadline) -> bool:
        """Wait until nothing runs. False when the deadline came first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, deadline.left_s())


def serve_until_done(engine: Engine, port: int, work: Work) -> None:
    """Block until the host has to leave; running operations have then ended or had their time."""
    interrupted = threading.Event()

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        runtime.CANCELLED.set()
        interrupted.set()

    signal.signal(signal.SIGINT, on_interrupt)
    looks = 0
    while not (interrupted.is_set() and not connected(port)):
        if interrupted.is_set():
            threading.Event().wait(_LOOK_AFTER_INTERRUPT_S)
        else:
            interrupted.wait(_LOOK_EVERY_S)
        looks += 1
        if engine.parent_is_gone() or (looks % _ASK_ADDRESS_EVERY == 0 and engine.refuses()):
            break
    runtime.CANCELLED.set()
    work.wait_idle(Deadline.after(_FINISH_WITHIN_S))


def connected(port: int) -> bool:
    """True while a client holds a connection to our port (Linux; elsewhere always False)."""
    return any(_established(table, port) for table in _TABLES if table.exists())


def _established(table: Path, port: int) -> bool:
    rows = (line.split() for line in table.read_text().splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == _ESTABLISHED for row in rows)

"""How often may one BMC be written to? Some store settings in slow flash and hang when hurried."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from piston_iac.deadline import Deadline


@dataclass
class _Turns:
    lock: threading.Lock = field(default_factory=threading.Lock)
    last_s: float = float("-inf")


_turns: dict[tuple[str, int], _Turns] = {}
_turns_lock = threading.Lock()


@contextmanager
def write_turn(bmc: tuple[str, int], interval_s: float, deadline: Deadline) -> Iterator[bool]:
    """Wait until this process may write to that BMC again; others wait while the context lasts.

    One turn is one change as the operator sees it (a user, a power switch), however many commands.

    Args:
        bmc: address and port.
        interval_s: least time from the end of the last turn, seconds.
    Yields:
        False when the deadline came before the turn: do not write.
    """
    with _turns_lock:
        turns = _turns.setdefault(bmc, _Turns())
    if not turns.lock.acquire(timeout=deadline.left_s()):
        yield False
        return
    try:
        while (wait_s := turns.last_s + interval_s - time.monotonic()) > 0 and not deadline.over():
            deadline.pause(wait_s)
        if deadline.over():
            yield False
            return
        try:
            yield True
        finally:
            turns.last_s = time.monotonic()
    finally:
        turns.lock.release()

"""One look for all who wait for one: a plan asks each node some five times at once, and looks take turns.

Nobody gets a look that began before he asked: it could be older than what he has just changed. Who asks
without end gets fewer: beyond what a plan needs, looking takes a third of the time at most. At a first start
every service asked every node, and nodes did little else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
# What looks may take at once, their part of the time in the long run, and the longest rest between two.
_BURST_S, _SHARE, _MOST_REST_S = 4.0, 1 / 3, 1.5


class NextLook(Generic[T]):
    """Looks one after the other. May be used by several threads at once.

    Args:
        look: takes one.
        burst_s: how long looks may take before there are rests between them, seconds.
    """

    def __init__(self, look: Callable[[], T], burst_s: float = _BURST_S) -> None:
        self._look = look
        self._burst_s = burst_s
        self._turn = threading.Lock()
        # Looks are numbered as they begin. Both change while the turn is held alone.
        self._begun = 0
        self._last: tuple[int, T] | None = None
        # Seconds that looks have taken, less what has been paid back since.
        self._debt_s, self._paid_at = 0.0, time.monotonic()

    def take(self) -> T:
        """What a look shows that began after this call. Raises what the look raises."""
        begun_before = self._begun
        with self._turn:
            if self._last is not None and self._last[0] > begun_before:
                return self._last[1]
            # Who asks meanwhile gets this one too.
            time.sleep(self._rest_s())
            self._begun += 1
            began = time.monotonic()
            try:
                found = self._look()
            finally:
                self._debt_s += time.monotonic() - began
            self._last = (self._begun, found)
            return found

    def _rest_s(self) -> float:
        now = time.monotonic()
        self._debt_s = max(0.0, self._debt_s - (now - self._paid_at) * _SHARE)
        self._paid_at = now
        return min(max(0.0, self._debt_s - self._burst_s) / _SHARE, _MOST_REST_S)

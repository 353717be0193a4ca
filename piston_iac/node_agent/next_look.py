"""One look for all who wait for one: a plan asks each node some five times at once, and looks take turns.

Nobody gets a look that began before he asked: it could be older than what he has just changed. After each
look there is a rest, so that however many ask, looking takes a third of the time: at a first start every
service asked every node, and nodes did little else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
# For each second that a look took.
_REST_S, _MOST_REST_S = 2.0, 1.5


class NextLook(Generic[T]):
    """Looks one after the other. May be used by several threads at once.

    Args:
        look: takes one.
    """

    def __init__(self, look: Callable[[], T]) -> None:
        self._look = look
        self._turn = threading.Lock()
        # Looks are numbered as they begin. Both change while the turn is held alone.
        self._begun = 0
        self._last: tuple[int, T] | None = None
        self._rested_at = 0.0

    def take(self) -> T:
        """What a look shows that began after this call. Raises what the look raises."""
        begun_before = self._begun
        with self._turn:
            if self._last is not None and self._last[0] > begun_before:
                return self._last[1]
            # Who asks meanwhile gets this one too.
            time.sleep(max(0.0, self._rested_at - time.monotonic()))
            self._begun += 1
            began = time.monotonic()
            found = self._look()
            took = time.monotonic() - began
            self._rested_at = began + took + min(_REST_S * took, _MOST_REST_S)
            self._last = (self._begun, found)
            return found

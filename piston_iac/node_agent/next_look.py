"""One look for all who wait for one: a plan asks each node some five times at once, and looks take turns.

Nobody gets a look that began before he asked: it could be older than what he has just changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


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

    def take(self) -> T:
        """What a look shows that began after this call. Raises what the look raises."""
        begun_before = self._begun
        with self._turn:
            if self._last is not None and self._last[0] > begun_before:
                return self._last[1]
            self._begun += 1
            found = self._look()
            self._last = (self._begun, found)
            return found

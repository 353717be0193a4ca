"""How long a wait may still take. Every wait in the product has one.

The clock and the sleep are parameters, so that waiting is tested without waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Deadline:
    """A point in time after which waiting stops, and a way to be told to stop before.

    Args:
        at_s: monotonic time of the deadline, seconds.
        clock: returns monotonic seconds.
        cancelled: set from elsewhere when the run must end early (Ctrl-C).
    """

    at_s: float
    clock: Callable[[], float] = time.monotonic
    cancelled: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def after(
        cls,
        seconds: float,
        cancelled: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Deadline:
        """A deadline `seconds` from now."""
        return cls(clock() + seconds, clock, cancelled or threading.Event())

    def left_s(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at_s - self.clock())

    def over(self) -> bool:
        """True when time is up or the run was cancelled."""
        return self.cancelled.is_set() or self.left_s() <= 0.0

    def pause(self, seconds: float) -> None:
        """Sleep up to `seconds`, shorter when the deadline or a cancel comes first."""
        self.cancelled.wait(min(seconds, self.left_s()))

    def within(self, seconds: float) -> Deadline:
        """A deadline that ends at most `seconds` from now and never after this one."""
        return Deadline(min(self.at_s, self.clock() + seconds), self.clock, self.cancelled)

"""Time that outlives a restart of the service but not of the machine.

Windows and leases last seconds, and the wall clock of a boot node may jump when NTP arrives. So they
count on the monotonic clock, which is only comparable within one boot of the kernel.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class BootClock:
    """The monotonic clock of one boot. `now_s` returns seconds."""

    boot_id: str
    now_s: Callable[[], float] = time.monotonic


def kernel_clock() -> BootClock:
    """The clock of this boot of the kernel."""
    return BootClock(BOOT_ID.read_text().strip())

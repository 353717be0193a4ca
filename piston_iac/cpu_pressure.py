"""Whether a node has no time, as Linux tells it: /proc/pressure/cpu."""

from __future__ import annotations

import re
from pathlib import Path

_PRESSURE = Path("/proc/pressure/cpu")
_BUSY_PERCENT = 60.0


def is_busy(pressure: Path = _PRESSURE) -> bool:
    """Whether somebody waited for a processor most of the time, now or in the last minute: between two parts
    of a first start there is a pause. Linux tells it; False where it does not.

    `some avg10=0.00 avg60=84.70 avg300=83.46 total=774262039`, in percent.
    """
    try:
        found = re.search(r"^some avg10=([\d.]+) avg60=([\d.]+)", pressure.read_text(), re.MULTILINE)
    except OSError:
        return False
    return found is not None and max(map(float, found.groups())) > _BUSY_PERCENT

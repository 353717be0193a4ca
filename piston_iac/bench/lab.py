"""How long does the lab take, from nothing to a cloud that checked itself, and what does it cost to run?"""

from __future__ import annotations

import os
import statistics
import time

from piston_iac.bench.memory import rack_bytes, shared_bytes
from piston_iac.bench.shell import seconds_of

_PREVIEWS = 5
# After an install the nodes still settle; an idle rack is one that was left alone for a moment.
_SETTLE_S = 20.0


def measure() -> dict[str, float]:
    """Seconds and bytes, by the names of the table. Leaves the rack up."""
    prefix = os.environ.get("PISTON_LAB_PREFIX", "piston")
    seconds_of("piston lab down")
    before = shared_bytes()
    figures = {"lab_cold_to_checked_s": seconds_of("setup/lab.sh")}
    figures["second_up_s"] = seconds_of("pulumi up --stack lab --yes --skip-preview --non-interactive")
    previews = [seconds_of("pulumi preview --stack lab --non-interactive") for _ in range(_PREVIEWS)]
    figures["preview_median_s"] = statistics.median(previews)
    time.sleep(_SETTLE_S)
    figures["idle_rack_bytes"] = rack_bytes(prefix) + max(0, shared_bytes() - before)
    return figures

"""How long does the lab take, from nothing to five Ready nodes, and what does it cost to run?"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from pathlib import Path

from piston_iac.bench.memory import rack_bytes, shared_bytes
from piston_iac.errors import SetupError

_CHECKOUT = Path(__file__).resolve().parents[2]
_PREVIEWS = 5
_TIMEOUT_S = 900
# After an install the nodes still settle; an idle rack is one that was left alone for a moment.
_SETTLE_S = 20.0


def measure() -> dict[str, float]:
    """Seconds and bytes, by the names of the table. Leaves the rack up."""
    prefix = os.environ.get("PISTON_LAB_PREFIX", "piston")
    _run("piston lab down")
    before = shared_bytes()
    figures = {"lab_cold_to_ready_s": _run("setup/lab.sh")}
    figures["second_up_s"] = _run("pulumi up --stack lab --yes --skip-preview --non-interactive")
    previews = [_run("pulumi preview --stack lab --non-interactive") for _ in range(_PREVIEWS)]
    figures["preview_median_s"] = statistics.median(previews)
    time.sleep(_SETTLE_S)
    figures["idle_rack_bytes"] = rack_bytes(prefix) + max(0, shared_bytes() - before)
    return figures


def _run(command: str) -> float:
    """Seconds that the command took, run as a user would."""
    began = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", f". ./env.sh; {command}"],
        cwd=_CHECKOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-8:]
        raise SetupError("the lab", f"run `{command}`", " | ".join(last), "Run it by hand to see more.")
    return time.monotonic() - began

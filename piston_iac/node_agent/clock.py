"""Time, as chronyd sees it. Source: chronyc(1), option -c."""

from __future__ import annotations

from piston_iac.node_agent.tools import run
from piston_iac.node_report import Clock

_UNKNOWN = Clock(False, 0.0, ())
_TRACKING_FIELDS = 14
_SOURCE_FIELDS = 10


def see_clock() -> Clock:
    """Ask chronyd; nothing is synchronised while it does not answer."""
    return parse(run("chronyc", "-c", "-n", "-m", "tracking", "sources", check=False, limit_s=2.0))


def parse(text: str) -> Clock:
    """Read the output of `chronyc -c -m tracking sources`. Pure."""
    rows = [line.split(",") for line in text.splitlines()]
    tracking = next((row for row in rows if len(row) == _TRACKING_FIELDS), None)
    sources = [row for row in rows if len(row) == _SOURCE_FIELDS]
    if tracking is None:
        return _UNKNOWN
    chosen = any(row[1] == "*" for row in sources)
    return Clock(
        synchronised=chosen and tracking[13] == "Normal",
        offset_s=float(tracking[4]),
        servers=tuple(sorted(row[2] for row in sources)),
    )

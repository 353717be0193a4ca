"""Did this machine get its processor time? On one that others starve, no measured time means anything.

Seen: a virtual machine of two cores whose host took 50 to 84 % of its time for minutes. Devices of the rack
are then silent for longer than any operator would wait, and the tests tell of that, not of the product. What
fails in such minutes is told as skipped, with the share that was taken, and is kept in build/not-judged.log.
Source: proc(5), /proc/stat.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

STARVED = 0.25
"""From this share on a failure counts for nothing."""
GATE_S = 55 * 60.0
"""The change gate has an hour, and what is under way has to end."""
# Ticks: half a second of two processors. A test that is shorter measures nothing, and is always judged.
_MOMENT = 100
_STEAL, _KINDS = 7, 8
_LOG = Path(__file__).resolve().parents[1] / "build" / "not-judged.log"


@dataclass(frozen=True)
class ProcessorTime:
    """Since the machine started, in ticks: all of it, and what others took."""

    total: int
    taken: int

    def share_since(self, before: ProcessorTime) -> float:
        """What others took since then, 0 to 1; 0 for a moment too short to be starved in."""
        total = self.total - before.total
        return (self.taken - before.taken) / total if total >= _MOMENT else 0.0


def parse(stat: str) -> ProcessorTime:
    """The first line of /proc/stat. Pure."""
    ticks = [int(word) for word in stat.splitlines()[0].split()[1 : 1 + _KINDS]]
    return ProcessorTime(sum(ticks), ticks[_STEAL] if len(ticks) > _STEAL else 0)


def processor_time() -> ProcessorTime:
    """Now."""
    return parse(Path("/proc/stat").read_text())


def gate_is_over(began: str) -> bool:
    """Whether the change gate has used its hour. `began`: seconds since 1970; empty where there is none."""
    return bool(began) and time.time() - float(began) > GATE_S


def keep(test: str, reason: str, failure: str) -> None:
    """Write down what was not judged."""
    _LOG.parent.mkdir(exist_ok=True)
    with _LOG.open("a") as log:
        log.write(f"== {test}: {reason}\n{failure}\n")

"""Ask devices, and say on a terminal whom we wait for and since when."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from piston_iac.status.asking import Answer, Asking, Probe

_DRAW_S = 0.25
_SHOWN = 3


def ask_with_progress(probes: Sequence[Probe]) -> dict[str, Answer]:
    """Ask all of them once, in parallel; takes as long as the slowest. Answers by the question's key."""
    asking, found = Asking(), dict[str, Answer]()
    for probe in probes:
        asking.start(probe)
    # Standard error: the output may go into a file. Without a terminal nothing is drawn.
    with Console(stderr=True).status("asking") as line:
        while asking.busy():
            found |= {probe.key: answer for probe, answer in asking.answers(_DRAW_S)}
            waiting = ", ".join(f"{device} {s:.0f} s" for device, s in [*asking.waiting().items()][:_SHOWN])
            line.update(f"{len(found)} of {len(probes)} answers; waiting for {waiting}")
    asking.stop()
    return found

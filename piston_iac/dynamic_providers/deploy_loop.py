"""The loop that brings what all nodes share to what is wanted: look, decide the next step, do it, until done.

The decisions are in `plan`, looks and deeds are the caller's; here are the waiting and the telling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, Unreachable
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.actions import Apply, Attempt, Done, Fail, Wait

LookT = TypeVar("LookT")
NODES = "Look at the nodes it names"
"""Where the operator sees why something that is waited for does not come."""
# How long something that has no cause in the plan may stand before the run ends with it said.
_OPTIONAL_S = 60.0


@dataclass(frozen=True)
class DeployLoop(Generic[LookT]):
    """One attempt.

    Args:
        action_s: what one step may take, seconds.
        settle_s: how long to wait from the moment that every node that comes is there, and anew whenever
            something moves.
        look: takes a look, given the deadline until which nodes may still come.
        progress: of a look, what changes whenever something moves.
        decide: the next step, given for how many seconds nothing has moved.
        apply: has a node apply its document again.
        do: does any other step, and returns the attempt with it.
    """

    waiting: Waiting
    action_s: float
    settle_s: float
    look: Callable[[Deadline], LookT]
    progress: Callable[[LookT], object]
    decide: Callable[[LookT, Attempt, float], object]
    apply: Callable[[str, Deadline], None]
    do: Callable[[object, Attempt, Deadline], Attempt]

    def run(self, arrival: Deadline, attempt: Attempt) -> None:
        """Converge.

        Args:
            arrival: until then nodes may come.
        Raises:
            PistonError: one line with what was waited for or refused, and what to do.
        """
        before: object = None
        deadline, moved_s = arrival, arrival.clock()
        while True:
            try:
                look = self.look(arrival)
            except Unreachable as error:
                # The boot node, which knows of permits, may be busy.
                self.waiting.pause(f"{error.device}: {error.cause}", deadline)
                continue
            if (now := self.progress(look)) != before:
                before, moved_s = now, arrival.clock()
                deadline = replace(arrival, at_s=moved_s + arrival.left_s() + self.settle_s)
            step = self.decide(look, attempt, arrival.clock() - moved_s)
            match step:
                case Done(notes):
                    for note in notes:
                        runtime.warn(note)
                    return
                case Fail(cause, remedy):
                    raise DeviceRefused(self.waiting.device, self.waiting.action, cause, remedy)
                case Wait(what, True) if deadline.left_s() < self.settle_s - _OPTIONAL_S:
                    runtime.warn(what)
                    return
                case Wait(what, _):
                    self.waiting.pause(what, deadline)
                case _:
                    try:
                        attempt = self._act(step, attempt, arrival)
                    except Unreachable as error:
                        # Mons elect, an agent is busy: the next look shows how much of it was done.
                        self.waiting.pause(f"{error.device}: {error.cause}", deadline)

    def _act(self, step: object, attempt: Attempt, arrival: Deadline) -> Attempt:
        deadline = Deadline.after(self.action_s, arrival.cancelled, arrival.clock)
        if not isinstance(step, Apply):
            return self.do(step, attempt, deadline)
        doing(self.waiting.device, step.what)
        for node in step.nodes:
            self.apply(node, deadline)
        told = {node: attempt.told.get(node, 0) + 1 for node in step.nodes}
        return replace(attempt, told={**attempt.told, **told})


def progress_of(reports: Mapping[str, NodeReport | None]) -> object:
    """What changes whenever nodes get on. Not all of a report: its clock is never the same twice."""
    return {node: (it.phase, tuple(it.services.items())) for node, it in reports.items() if it}

"""Brings a service's agents up on all nodes that are here. The decisions are in `plan.cloud.agents`."""

from __future__ import annotations

from dataclasses import dataclass, field

from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import ControlPlaneDriver, Login
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import PistonError, TimedOut, Unreachable
from piston_iac.plan.cloud.agents import AgentLook, Mending, mend
from piston_iac.plan.cloud.api_call import OK, Call

# A record is up to a minute late, and a node that joins begins with its document.
_SETTLE_S = 240.0
_ACTION_S = 90.0
# A node that was told to start something applies its document for a moment; one that joins, for minutes.
_BUSY_S = 60.0
_LOOK_S = 20.0
# A look costs the services a second of a processor in all, and agents report each ten seconds.
_POLL_S = 4.0
_LOOK_AT = "See its units' journals on the nodes it names"


@dataclass
class AgentsDeploy:
    """One attempt. `wanted`: names of all agents that there are to be."""

    driver: ControlPlaneDriver
    login: Login
    service: str
    look: AgentLook
    wanted: tuple[str, ...]
    settle_s: float = _SETTLE_S
    busy_s: float = _BUSY_S
    poll_s: float = _POLL_S
    _sent: list[Call] = field(default_factory=list)
    _refused: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Mend, and wait until all are up on the nodes that are here.

        A node whose agent does not come is warned of; the service works without it.

        Raises:
            TimedOut: of one kind of agent none works. Interrupted: the run was told to stop.
        """
        settle = Deadline.after(self.settle_s, runtime.CANCELLED)
        busy = settle.within(self.busy_s)
        waiting = Waiting(self.service, "have its agents work", _LOOK_AT, self.poll_s)
        while True:
            step = self._step()
            if step is not None and not step.waits and (not step.busy or busy.over()):
                break
            try:
                waiting.pause(_what(step), settle)
            except TimedOut:
                if step is None or not step.waits or step.dead:
                    raise
                runtime.warn(f"{self.service}: {', '.join(step.waits)}; the others work. {_LOOK_AT}.")
                break
        for reason in self._refused.values():
            runtime.warn(reason)
        for stranger in step.strangers:
            runtime.warn(
                f"{self.service}: {stranger} works, and is on no node of this site. Switch it off there."
            )

    def _step(self) -> Mending | None:
        """One look, and what it asks for; None while nobody tells."""
        deadline = Deadline.after(_LOOK_S, runtime.CANCELLED)
        try:
            (answer,) = self.driver.ask(self.login, (self.look.call,), deadline)
        except PistonError:
            return None
        if answer.code != OK:
            return None
        reports = self.driver.node_reports(deadline)
        step = mend(self.look, self.wanted, self.look.read(answer.body), reports)
        for call in step.calls:
            self._send(call)
        for node in step.nodes:
            self._apply(node)
        return step

    def _send(self, call: Call) -> None:
        """Once each, unless it was lost. One that is refused keeps nobody else from being mended."""
        if call in self._sent:
            return
        self._sent.append(call)
        doing(self.service, f"{call.method} {call.path}")
        try:
            self.driver.change(self.login, (call,), Deadline.after(_ACTION_S, runtime.CANCELLED))
        except Unreachable:
            self._sent.remove(call)
        except PistonError as error:
            self._refused[call.path] = str(error)

    def _apply(self, node: str) -> None:
        """Once each: what its document names is started."""
        if node in self._told:
            return
        self._told.add(node)
        doing(self.service, f"{node} applies its document")
        try:
            self.driver.apply(node, Deadline.after(_ACTION_S, runtime.CANCELLED))
        except PistonError as error:
            self._refused[node] = str(error)


def _what(step: Mending | None) -> str:
    """What is waited for."""
    if step is None:
        return "its API to tell of its agents"
    return ", ".join((*step.waits, *(f"{node}, which applies its document" for node in step.busy)))

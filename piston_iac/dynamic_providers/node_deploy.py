"""The loop that brings one node to its document: look, decide the next step, do it, until done.

The decisions are in `plan.node_steps`; here are only the waiting, the progress and the telling of
what went wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from piston_iac.deadline import Deadline
from piston_iac.devices import agents
from piston_iac.devices.node import NodeDriver
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.turn import turn
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, PistonError
from piston_iac.node_document import NodeDocument
from piston_iac.node_report import NodeReport
from piston_iac.plan.node_steps import Action, Attempt, Do, Done, Fail, Wait, next_step
from piston_iac.plan.turns import not_back, not_now, restarts, services_of

_POLL_S = 0.7
_LOOK_S = 8.0
_ACTION_S = 60.0
_CONSOLE_LINES = 4


@dataclass
class ConsoleTail:
    """The last lines that the machine printed on its serial console."""

    _lines: deque[str] = field(default_factory=lambda: deque(maxlen=60))
    _open: str = ""

    def add(self, text: str) -> None:
        """Take what the console printed, in any pieces."""
        *whole, self._open = (self._open + text).replace("\r", "\n").split("\n")
        self._lines.extend(line.strip() for line in whole if line.strip())

    def last(self) -> str:
        """The last few lines as one, empty when nothing was printed."""
        lines = [*self._lines, self._open.strip()]
        return " | ".join([line for line in lines if line][-_CONSOLE_LINES:])


@dataclass(frozen=True)
class Turn:
    """The node has its turn at the change gate. `before`: how it was when that began."""

    token: int
    before: NodeReport


@dataclass
class Deploy:
    """One attempt at one node. `boot_s`, `converge_s`: how long each part may take, seconds.

    `peers`: agents of the nodes that run the same services, of which it must not take the last away.
    """

    driver: NodeDriver
    document: NodeDocument
    boot_s: float
    converge_s: float
    ours: bool
    peers: Mapping[str, NodeAgentClient] = field(default_factory=dict)
    _turn: Turn | None = None

    def run(self) -> None:
        """Converge the node.

        Raises:
            PistonError: one line with device, action, cause, the last console lines and what to do.
        """
        console = ConsoleTail()
        with ExitStack() as opened:
            try:
                self._follow(console, opened)
            except PistonError as error:
                raise _with_console(error, console) from error

    def _follow(self, console: ConsoleTail, opened: ExitStack) -> None:
        attempt = Attempt(ours=self.ours, patience_s=self.boot_s)
        deadline = Deadline.after(self.boot_s + self.converge_s, runtime.CANCELLED)
        answered_s = deadline.clock()
        listening = False
        while True:
            observed = self.driver.observe(deadline.within(_LOOK_S))
            if observed.report is not None:
                answered_s = deadline.clock()
            observed = replace(observed, silent_s=deadline.clock() - answered_s)
            match next_step(self.document, observed, attempt):
                case Done():
                    ill = self._not_back(observed.report)
                    if not ill:
                        return
                    self._wait(f"{ill} to work again", deadline)
                case Fail(cause, remedy):
                    raise DeviceRefused(self.driver.node, "become ready", cause, remedy)
                case Wait(what):
                    self._wait(what, deadline)
                case Do(action):
                    if self._takes_turn(action, observed.report, opened):
                        # Others changed meanwhile, and maybe this node too: look again.
                        deadline = Deadline.after(self.converge_s, runtime.CANCELLED)
                        continue
                    if observed.report is None and not listening:
                        # From here on its console is what explains a failure.
                        opened.enter_context(self.driver.bmc.console(self.driver.login, console.add))
                        listening = True
                    attempt = self._do(action, attempt)
                    deadline = Deadline.after(self._time_for(action), runtime.CANCELLED)

    def _takes_turn(self, action: Action, report: NodeReport | None, opened: ExitStack) -> bool:
        """Wait for this node's turn, when what comes now restarts something; says whether it did."""
        if self._turn or report is None or action not in (Action.PUBLISH, Action.CONVERGE):
            return False
        services = services_of(self.document, units := restarts(self.document, report))
        if not units:
            return False

        def peers() -> str:
            look = Deadline.after(_LOOK_S, runtime.CANCELLED)
            return not_now(services, agents.reports(self.peers, look))

        doing(self.driver.node, f"waits for its turn to restart {', '.join(units)}")
        token = opened.enter_context(turn(self.driver.node, self.driver.boot_node, peers))
        self._turn = Turn(token, report)
        return True

    def _not_back(self, report: NodeReport | None) -> str:
        """Services that this turn's change took away and that do not work yet; empty for none."""
        return ", ".join(not_back(self._turn.before, report)) if self._turn and report else ""

    def _time_for(self, action: Action) -> float:
        """Seconds until the action must have shown its effect."""
        match action:
            case Action.START | Action.RESTART:
                return self.boot_s
            case Action.ADMIT:
                return 2 * self.boot_s
            case Action.PUBLISH | Action.CONVERGE:
                return self.converge_s

    def _do(self, action: Action, attempt: Attempt) -> Attempt:
        doing(self.driver.node, action.value)
        deadline = Deadline.after(_ACTION_S, runtime.CANCELLED)
        token = self._turn.token if self._turn else None
        match action:
            case Action.START | Action.RESTART:
                self.driver.start(deadline, power_cycle=action is Action.RESTART)
                return replace(attempt, started=True, admitted=True)
            case Action.ADMIT:
                self.driver.admit(deadline)
                return replace(attempt, admitted=True)
            case Action.PUBLISH:
                self.driver.publish(self.document, deadline, token)
                return replace(attempt, published=True)
            case Action.CONVERGE:
                self.driver.converge(deadline, token)
                return replace(attempt, converged=True)

    def _wait(self, what: str, deadline: Deadline) -> None:
        Waiting(self.driver.node, "become ready", "Look at its serial console", _POLL_S).pause(what, deadline)


def _with_console(error: PistonError, console: ConsoleTail) -> PistonError:
    """The same error, with what the machine printed last."""
    last = console.last()
    if not last:
        return error
    return type(error)(error.device, error.action, f"{error.cause}; console: {last}", error.remedy)

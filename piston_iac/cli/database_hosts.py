"""The control hosts as `piston restore databases` talks to them: programs they run, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import DEVICE
from piston_iac.devices.node_agent import ProgramResult
from piston_iac.errors import DeviceRefused, PistonError
from piston_iac.plan.cloud.backups import Backup, parse_backups

ACTION = "restore the databases"
AGAIN = "Remove the cause, then run the same command again: it goes on from here."
_SHORT_S = 30.0


class Agent(Protocol):
    """What is needed of a control host's agent."""

    def run_program(self, name: str, stdin: bytes, deadline: Deadline) -> ProgramResult:
        """Run a program of its document."""

    def converge(self, deadline: Deadline) -> None:
        """Have it apply its document."""


class Hosts:
    """All of them. `agents`: by host, in their order."""

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self._agents = dict(agents)

    def backups(self) -> tuple[Backup, ...]:
        """What can be restored, as the first host that answers has it.

        Raises:
            PistonError: none answers.
        """
        last: PistonError | None = None
        for host in self._agents:
            try:
                return parse_backups(
                    self.run(host, layout.RESTORE_LIST, {}, "list the backups", _SHORT_S * 2)
                )
            except PistonError as error:
                last = error
            except ValueError as error:
                last = DeviceRefused(host, "list the backups", str(error), "Run a release that fits.")
        raise last or DeviceRefused(DEVICE, ACTION, "there is no control host", "See piston:controlPlane.")

    def looks(self) -> dict[str, Any]:
        """What each host says of itself; None for one that gives no answer."""
        with ThreadPoolExecutor(max(1, len(self._agents))) as pool:
            return dict(zip(self._agents, pool.map(self.look, self._agents), strict=True))

    def look(self, host: str) -> dict[str, Any] | None:
        """What one host says of itself; None when it gives no answer."""
        try:
            return self.run(host, layout.RESTORE_LOOK, {}, "look at its database", _SHORT_S)
        except PistonError:
            return None

    def run(
        self, host: str, program: str, given: Mapping[str, Any], action: str, limit_s: float
    ) -> dict[str, Any]:
        """Run a program of a host, and read its answer.

        Args:
            action: for errors: what it is for.
        Raises:
            PistonError: the host's own reason.
        """
        try:
            done = self._agents[host].run_program(
                program, json.dumps(given).encode(), Deadline.after(limit_s)
            )
        except PistonError as error:
            raise type(error)(host, action, error.cause, AGAIN) from error
        if done.status != 0:
            raise DeviceRefused(host, action, done.errors or f"exit status {done.status}", AGAIN)
        answer: dict[str, Any] = json.loads(done.output)
        return answer

    def apply(self, host: str) -> None:
        """Have a host's agent look at once what there is to start: it does not by itself.

        Raises:
            PistonError: it does not answer.
        """
        self._agents[host].converge(Deadline.after(_SHORT_S))

"""Agents of the test machines, for the operator's side: they run programs, and bring the database back."""

from __future__ import annotations

import json
import threading

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.node_agent import ProgramResult
from piston_iac.errors import Unreachable
from tests.contract.node_programs.databases import in_step, program, start
from tests.contract.node_programs.machines import Machines

VERBS = {
    layout.RESTORE_LIST: "list",
    layout.RESTORE_LOOK: "look",
    layout.RESTORE_STAGE_PROGRAM: "stage",
    layout.RESTORE_PARK: "park",
    layout.RESTORE_INSTALL: "install",
    layout.RESTORE_RELEASE: "release",
}


class Agent:
    """Runs the programs as a node's agent does. `broken`: the name of one that it no longer gets to."""

    def __init__(self, rack: Machines, node: str, keepers: Keepers) -> None:
        self._rack, self._node, self._keepers = rack, node, keepers
        self.broken = ""
        self.away = False

    def run_program(self, name: str, stdin: bytes, deadline: Deadline) -> ProgramResult:
        if self.away or name == self.broken:
            raise Unreachable(self._node, f"run {name}", "no answer", "")
        done = program(self._rack, self._node, "restore", VERBS[name], given=json.loads(stdin))
        return ProgramResult(done.status, done.output.encode(), done.errors)

    def converge(self, deadline: Deadline) -> None:
        self._keepers.nodes.add(self._node)


class Keepers:
    """What agents do once they are told to: join where there is no data, start what has its data."""

    def __init__(self, rack: Machines) -> None:
        self._rack = rack
        self.nodes: set[str] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Keepers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(1.0):
            # One after the other: they share one network, and the port that a copy arrives at.
            for node in sorted(self.nodes):
                if not self._is_ready(node) and program(self._rack, node, "galera", "recover").status:
                    continue
                if self._is_ready(node):
                    start(self._rack, node, layout.GALERA_UNIT)
                    self._settle(node)

    def _is_ready(self, node: str) -> bool:
        return self._rack.run(node, "test", "-e", layout.GALERA_READY).status == 0

    def _settle(self, node: str) -> None:
        deadline = Deadline.after(30.0)
        while not in_step(self._rack, node) and not deadline.over() and self._is_ready(node):
            deadline.pause(0.5)

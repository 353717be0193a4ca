"""Driver of the cluster storage: mon commands through the agents of the mon hosts, and calls to nodes.

The administrator's key goes along with each call and stays on no node (decision 0009).
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.devices import agents
from piston_iac.devices.ceph_answers import BORN, LOOK, parse
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.errors import DeviceRefused, PistonError, TimedOut, Unreachable
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.actions import BORN_KEY, Command
from piston_iac.plan.ceph.caps import ADMIN
from piston_iac.plan.ceph.nodes import MON, RUNNING, part
from piston_iac.plan.ceph.seen import Cluster
from piston_iac.trust.secret import Secret

DEVICE = "Ceph"
# What a mon may take to answer; the program on the node waits as long.
_ANSWER_S = 6.0
# And its host, when only words are asked for.
_ASK_S = 10.0
# Each of them reaches every mon, so a second try is only for a host that is itself cut off.
_TRIES = 2


@dataclass(frozen=True)
class Answer:
    """A mon's answer to one command. `code` 0: done; else a negative errno, and `status` says why."""

    code: int
    output: Any
    status: str


@dataclass(frozen=True)
class Order:
    """One command that changes something. `text` goes along as its input, and may be secret."""

    command: Command
    text: str = ""


class CephDriver:
    """The operator's way to the cluster. May be used by several threads at once.

    Args:
        nodes: the agents of all nodes, by name.
        mon_hosts: whose agents are asked, in this order.
        admin_key: of client.admin.
    """

    def __init__(
        self, nodes: Mapping[str, NodeAgentClient], mon_hosts: Sequence[str], admin_key: Secret
    ) -> None:
        self._agents = dict(nodes)
        self._mon_hosts = [host for host in mon_hosts if host in nodes]
        self._key = admin_key

    def reports(self, deadline: Deadline) -> dict[str, NodeReport | None]:
        """Every node's report; None where the agent gives no answer or none that can be used."""
        return agents.reports(self._agents, deadline)

    def observe(self, reports: Mapping[str, NodeReport | None], deadline: Deadline) -> Cluster | None:
        """The cluster; None when no mon answers.

        Args:
            reports: of the nodes, just read: only nodes whose mon runs are asked.
        Raises:
            DeviceRefused: the mons refuse, or their answers do not fit this version.
        """
        asked: list[Command] = [{"prefix": prefix} for prefix in LOOK]
        asked.append({"prefix": BORN, "key": BORN_KEY})
        orders = [Order(command) for command in asked]
        try:
            answers = self._call(ceph_layout.CALL_LOOK, orders, deadline, self._hosts(reports))
        except Unreachable:
            return None
        if any(map(_is_late, answers)):
            return None
        for command, answer in zip(asked, answers, strict=True):
            if not (command["prefix"] == BORN and answer.code == -errno.ENOENT):
                _must(command, answer)
        try:
            names = (*LOOK, BORN)
            return parse({name: it.output for name, it in zip(names, answers, strict=True)})
        except ValueError as error:
            raise DeviceRefused(DEVICE, "read its state", str(error), "Run a release that fits.") from error

    def removable(
        self, osds: Sequence[int], reports: Mapping[str, NodeReport | None], deadline: Deadline
    ) -> frozenset[int]:
        """Those of the OSDs that nobody would miss. Of one that nobody answers for, the answer is no."""
        if not osds:
            return frozenset()
        orders = [Order({"prefix": "osd safe-to-destroy", "ids": [str(number)]}) for number in osds]
        try:
            answers = self._call(ceph_layout.CALL_LOOK, orders, deadline, self._hosts(reports), to="mgr")
        except Unreachable:
            return frozenset()
        return frozenset(
            number
            for number, answer in zip(osds, answers, strict=False)
            if answer.code == 0 and number in answer.output["safe_to_destroy"]
        )

    def ask(self, commands: Sequence[Command], deadline: Deadline) -> list[Answer]:
        """What the mons answer to commands that change nothing, whatever it is. Every mon host is tried.

        Raises:
            Unreachable: none answers, and why.
        """
        orders, tried = [Order(command) for command in commands], []
        for host in self._mon_hosts:
            try:
                return self._call(ceph_layout.CALL_LOOK, orders, deadline.within(_ASK_S), [host])
            except PistonError as error:
                tried.append(error.cause)
        raise _no_mon(tried)

    def _hosts(self, reports: Mapping[str, NodeReport | None]) -> list[str]:
        return [host for host in self._mon_hosts if _has_mon(reports.get(host))][:_TRIES]

    def change(self, orders: Sequence[Order], deadline: Deadline) -> None:
        """Send commands in order, up to the first that is refused.

        Raises:
            Unreachable: no mon answers, or not in time: it may be tried again.
            DeviceRefused: the mons' own reason.
        """
        answers = self._call(ceph_layout.CALL_CHANGE, orders, deadline, self._mon_hosts)
        for order, answer in zip(orders, answers, strict=False):
            if _is_late(answer):
                action = f"do `{order.command['prefix']}`"
                raise Unreachable(DEVICE, action, "the mons did not answer in time", "See the mon hosts.")
            _must(order.command, answer)

    def run(self, node: str, program: str, arguments: Mapping[str, Any], deadline: Deadline) -> None:
        """Run a program of the node's document.

        Raises:
            PistonError: the node's own reason.
        """
        done = self._agents[node].run_program(program, json.dumps(arguments).encode(), deadline)
        if done.status != 0:
            remedy = "Remove the cause, then run `pulumi up` again."
            raise DeviceRefused(node, f"run {program}", done.errors or f"exit status {done.status}", remedy)

    def apply(self, node: str, deadline: Deadline) -> None:
        """Have a node apply its document again."""
        self._agents[node].converge(deadline)

    def knows(self, node: str) -> bool:
        """Whether there is a way to that node."""
        return node in self._agents

    def _call(
        self, program: str, orders: Sequence[Order], deadline: Deadline, hosts: Sequence[str], to: str = "mon"
    ) -> list[Answer]:
        """Have the first mon host that can do it send commands.

        A call that changes something may have been done although its answer was lost: what is sent
        is safe to send twice, or seen to be done by the next look.

        Raises:
            Unreachable: none reaches a mon.
        """
        wanted = {
            "name": ADMIN,
            "key": self._key.get_secret_value(),
            "timeout_s": _ANSWER_S,
            "commands": [{"to": to, "command": it.command, "input": it.text} for it in orders],
        }
        stdin, tried = json.dumps(wanted).encode(), []
        for host in hosts:
            try:
                done = self._agents[host].run_program(program, stdin, deadline)
            except (Unreachable, TimedOut, DeviceRefused) as error:
                # It is off, or it has no document with this program yet: another one may answer.
                tried.append(f"{host}: {error.cause}")
                continue
            if done.status == 0:
                return [
                    Answer(it["code"], it["output"], it["status"])
                    for it in json.loads(done.output)["answers"]
                ]
            tried.append(f"{host}: {done.errors or f'exit status {done.status}'}")
        raise _no_mon(tried)


def _no_mon(tried: Sequence[str]) -> Unreachable:
    cause = "; ".join(tried) or "no mon runs"
    return Unreachable(DEVICE, "reach a mon", cause, "See the mon hosts.")


def _has_mon(report: NodeReport | None) -> bool:
    return part(report, MON) == RUNNING and report is not None and report.uplink == "up"


def _is_late(answer: Answer) -> bool:
    """While mons elect a leader, commands wait: nothing is wrong with them."""
    return answer.code == -errno.ETIMEDOUT


def _must(command: Command, answer: Answer) -> None:
    if answer.code != 0:
        cause = answer.status or f"error {answer.code}"
        raise DeviceRefused(
            DEVICE, f"do `{command['prefix']}`", cause, "Run `pulumi up` again; see `ceph -s`."
        )

"""Driver of the control plane: its hosts' agents, and Keystone through programs that they run.

The administrator's password goes along with each call and stays on no node; so does the token of his login.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices import agents
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.errors import DeviceRefused, PistonError, Unreachable
from piston_iac.node_report import NodeReport
from piston_iac.plan.cloud import ovn
from piston_iac.plan.cloud.api_call import ADMIN_PROJECT, CONFLICT, Answer, Call
from piston_iac.plan.cloud.catalogue import Identity
from piston_iac.plan.cloud.seen import HostLook, parse
from piston_iac.trust.secret import Secret

DEVICE = "control plane"
Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Login:
    """The administrator of the cloud."""

    user: str
    password: Secret


@dataclass(frozen=True)
class Tokens:
    """Logins of this run, by user, password and project; in memory alone. A login costs Keystone a third of a
    second of a processor, and every service asks it about each new token.
    """

    _kept: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def of(self, login: Login, project: str) -> str:
        """The last one there; empty for none."""
        return self._kept.get(self._place(login, project), "")

    def keep(self, login: Login, project: str, token: str) -> None:
        """Use it from now on."""
        if token:
            self._kept[self._place(login, project)] = token

    def _place(self, login: Login, project: str) -> tuple[str, str, str]:
        return login.user, login.password.get_secret_value(), project


class ControlPlaneDriver:
    """The operator's way to the control plane. May be used by several threads at once.

    Args:
        hosts: the agents of the control hosts, by node.
        others: those of other nodes that have a part in it.
        tokens: shared by the drivers of one control plane.
    """

    def __init__(
        self,
        hosts: Mapping[str, NodeAgentClient],
        others: Mapping[str, NodeAgentClient] | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._hosts = dict(hosts)
        self._tokens = tokens or Tokens()
        self._nodes = {**(others or {}), **hosts}

    def reports(self, deadline: Deadline) -> dict[str, NodeReport | None]:
        """Every host's report; None where the agent gives no answer or none that can be used."""
        return agents.reports(self._hosts, deadline)

    def node_reports(self, deadline: Deadline) -> dict[str, NodeReport | None]:
        """The same of the hosts and of the other nodes."""
        return agents.reports(self._nodes, deadline)

    def looks(
        self, reports: Mapping[str, NodeReport | None], deadline: Deadline
    ) -> dict[str, HostLook | None]:
        """What each host sees of the control plane; None where that cannot be asked.

        Raises:
            DeviceRefused: an answer does not fit this version.
        """
        return self._looks(layout.GALERA, layout.LOOK, parse, reports, deadline)

    def ovn_looks(
        self, reports: Mapping[str, NodeReport | None], deadline: Deadline
    ) -> dict[str, ovn.OvnLook | None]:
        """What each host sees of OVN's databases; None where that cannot be asked.

        Raises:
            DeviceRefused: an answer does not fit this version.
        """
        return self._looks(layout.OVN, layout.OVN_LOOK, ovn.parse, reports, deadline)

    def _looks(
        self,
        service: str,
        program: str,
        read: Callable[[Mapping[str, Any]], Parsed],
        reports: Mapping[str, NodeReport | None],
        deadline: Deadline,
    ) -> dict[str, Parsed | None]:
        """Of every host whose document knows of the service."""
        asked = [host for host in self._hosts if (it := reports.get(host)) and service in it.services]

        def look(host: str) -> Parsed | None:
            try:
                raw = json.loads(self._program(host, program, {}, deadline))
            except PistonError:
                return None
            try:
                return read(raw)
            except ValueError as error:
                raise DeviceRefused(
                    DEVICE, "read its state", str(error), "Run a release that fits."
                ) from error

        with ThreadPoolExecutor(max(1, len(asked))) as pool:
            found = dict(zip(asked, pool.map(look, asked), strict=True))
        return {host: found.get(host) for host in self._hosts}

    def run(self, host: str, program: str, arguments: Mapping[str, Any], deadline: Deadline) -> None:
        """Run a program of a host's document.

        Raises:
            PistonError: the host's own reason.
        """
        self._program(host, program, arguments, deadline)

    def run_as(self, login: Login, program: str, arguments: Mapping[str, Any], deadline: Deadline) -> None:
        """Run a program of the control hosts that itself logs in, on the first of them that answers.

        Raises:
            Unreachable: no host answers. DeviceRefused: the program's own reason.
        """
        who = {"user": login.user, "password": login.password.get_secret_value()}
        self._anywhere(program, {**who, **arguments}, deadline)

    def pages(self, urls: Sequence[str], deadline: Deadline) -> dict[str, str]:
        """What web pages say to a control host; empty where they say nothing good.

        Raises:
            Unreachable: no host can ask.
        """
        raw = self._anywhere(layout.CHECK_PAGES, {"urls": list(urls)}, deadline)
        return {str(url): str(text) for url, text in raw["pages"].items()}

    def apply(self, node: str, deadline: Deadline) -> None:
        """Have a host, or one of the other nodes, apply its document again."""
        self._nodes[node].converge(deadline)

    def identity(
        self,
        login: Login,
        logins: Mapping[str, Secret],
        apis: Mapping[str, tuple[int, str]],
        calls: Sequence[Call],
        deadline: Deadline,
    ) -> Identity:
        """Look at Keystone's records, try accounts, and ask APIs at every place.

        Args:
            logins: password by account. apis: port and health path by service.
        Raises:
            Unreachable: no host can ask. DeviceRefused: Keystone refuses the administrator.
        """
        more = {
            "logins": {name: password.get_secret_value() for name, password in logins.items()},
            "apis": {name: {"port": port, "health": health} for name, (port, health) in apis.items()},
        }
        raw = self._ask(layout.API_LOOK, login, ADMIN_PROJECT, calls, more, deadline)
        places = {name: dict(it) for name, it in raw["apis"].items()}
        return Identity(_answers(raw), dict(raw["logins"]), places)

    def health(
        self, login: Login, apis: Mapping[str, tuple[int, str]], deadline: Deadline
    ) -> Mapping[str, Mapping[str, int]]:
        """Whether APIs work: status by place, by service. Nobody is logged in for it.

        Args:
            apis: port and health path by service.
        Raises:
            Unreachable: no host can ask.
        """
        return self.identity(login, {}, apis, (), deadline).apis

    def ask(
        self, login: Login, calls: Sequence[Call], deadline: Deadline, project: str = ADMIN_PROJECT
    ) -> tuple[Answer, ...]:
        """What APIs answer to GET calls, made in a project.

        Raises:
            Unreachable: no host can ask. DeviceRefused: Keystone refuses the administrator.
        """
        return _answers(self._ask(layout.API_LOOK, login, project, calls, {}, deadline))

    def change(
        self, login: Login, calls: Sequence[Call], deadline: Deadline, project: str = ADMIN_PROJECT
    ) -> tuple[Answer, ...]:
        """Send calls in order, up to the first that is refused.

        Raises:
            Unreachable: no host can ask, or nobody answered for the service, as when it restarts: whether it
                was done is seen by the next look. DeviceRefused: the service's own reason.
        """
        answers = self.send(login, calls, deadline, project)
        for call, answer in zip(calls, answers, strict=False):
            # Somebody else may have made it. What is in use, a service deletes and changes not either.
            if answer.refused or (answer.code == CONFLICT and call.method != "POST"):
                action = f"{call.method} {call.path} (port {call.port})"
                kind = Unreachable if answer.lost else DeviceRefused
                raise kind("the cloud", action, answer.reason(), "Run `pulumi up` again.")
        return answers

    def send(
        self,
        login: Login,
        calls: Sequence[Call],
        deadline: Deadline,
        project: str = ADMIN_PROJECT,
        *,
        at_once: bool = False,
    ) -> tuple[Answer, ...]:
        """Send calls in order, up to the first that is refused; what was answered is the caller's to judge.

        Args:
            at_once: all of them, side by side, whatever is refused.

        Raises:
            Unreachable: no host can ask.
        """
        return _answers(self._ask(layout.API_CHANGE, login, project, calls, {"at_once": at_once}, deadline))

    def _ask(
        self,
        program: str,
        login: Login,
        project: str,
        calls: Sequence[Call],
        more: Mapping[str, Any],
        deadline: Deadline,
    ) -> dict[str, Any]:
        arguments = {
            "user": login.user,
            "password": login.password.get_secret_value(),
            "project": project,
            "token": self._tokens.of(login, project),
            "calls": [it.as_json() for it in calls],
            "logins": {},
            "apis": {},
            **more,
        }
        raw = self._anywhere(program, arguments, deadline)
        self._tokens.keep(login, project, str(raw.get("token", "")))
        return raw

    def _anywhere(self, program: str, arguments: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        """What a program prints on the first host that can run it."""
        last: PistonError | None = None
        for host in self._hosts:
            try:
                raw: dict[str, Any] = json.loads(self._program(host, program, arguments, deadline))
            except PistonError as error:
                # It is off, or cut off: another one may reach the virtual address.
                last = error
                continue
            return raw
        cause = last.cause if last else "there is no control host"
        raise Unreachable("the cloud", f"run {program}", cause, "See the control hosts.")

    def _program(self, host: str, program: str, arguments: Mapping[str, Any], deadline: Deadline) -> bytes:
        done = self._hosts[host].run_program(program, json.dumps(arguments).encode(), deadline)
        if done.status != 0:
            cause = done.errors or f"exit status {done.status}"
            remedy = "Remove the cause, then run `pulumi up` again."
            raise DeviceRefused(host, f"run {program}", cause, remedy)
        return done.output


def _answers(raw: Mapping[str, Any]) -> tuple[Answer, ...]:
    return tuple(Answer(it["code"], it["body"]) for it in raw["answers"])

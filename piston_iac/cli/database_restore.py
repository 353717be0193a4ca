"""The steps of `piston restore databases`: make ready, stop, replace, begin, let the others copy.

Each step may be done again: a restore that was cut short is found on the hosts, and goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import DEVICE
from piston_iac.devices.node_agent import ProgramResult
from piston_iac.errors import DeviceRefused, PistonError, TimedOut, UnsafeChange
from piston_iac.plan.cloud.backups import Backup, NoBackup, choose, first_position, parse_backups, shown

ACTION = "restore the databases"
_SHORT_S, _STAGE_S, _STOP_S = 30.0, 3900.0, 250.0
_BEGIN_S, _JOIN_S = 240.0, 1800.0
_POLL_S, _TOLD_S = 1.0, 10.0
_AGAIN = "Remove the cause, then run the same command again: it goes on from here."
Say = Callable[[str], None]


class Agent(Protocol):
    """What is needed of a control host's agent."""

    def run_program(self, name: str, stdin: bytes, deadline: Deadline) -> ProgramResult:
        """Run a program of its document."""


@dataclass(frozen=True)
class Order:
    """One restore: to which moment, from which backup, where it begins, and its name."""

    chain: str
    at: int
    host: str
    stamp: str


@dataclass(frozen=True)
class Plan:
    """What is going to be done. `hosts`: those that take part; `begun`: it was cut short before."""

    order: Order
    hosts: tuple[str, ...]
    left_out: tuple[str, ...]
    begun: bool
    room_bytes: int
    cluster: str


class Restore:
    """One run of it. `agents`: of every control host, in their order."""

    def __init__(self, agents: Mapping[str, Agent], say: Say) -> None:
        self._agents, self._say = dict(agents), say

    def backups(self) -> tuple[Backup, ...]:
        """What can be restored, as the first host that answers has it.

        Raises:
            PistonError: none answers.
        """
        last: PistonError | None = None
        for host in self._agents:
            try:
                return parse_backups(
                    self._run(host, layout.RESTORE_LIST, {}, "list the backups", _SHORT_S * 2)
                )
            except PistonError as error:
                last = error
            except ValueError as error:
                last = DeviceRefused(host, "list the backups", str(error), "Run a release that fits.")
        raise last or DeviceRefused(DEVICE, ACTION, "there is no control host", "See piston:controlPlane.")

    def plan(self, at: int | None, without: Collection[str]) -> Plan:
        """What would be done. Changes nothing.

        Raises:
            UnsafeChange: hosts do not answer, or lack room. DeviceRefused: no backup leads there.
        """
        looks = self._looks()
        hosts = self._taking_part(looks, without)
        orders = {json.dumps(it["order"], sort_keys=True) for host in hosts if (it := looks[host])["order"]}
        backups = self.backups()
        if len(orders) > 1:
            cause = "the hosts are in the middle of different restores"
            raise UnsafeChange(DEVICE, ACTION, cause, "Remove /persist/galera/parked of the wrong one.")
        if orders:
            order = Order(**json.loads(orders.pop()))
            if at is not None and at != order.at:
                cause = f"a restore to {shown(order.at)} is under way"
                raise UnsafeChange(
                    DEVICE, ACTION, cause, "Run again without --at: it has to be finished first."
                )
            if order.host not in hosts:
                cause = f"the restore under way begins on {order.host}, which does not answer"
                raise UnsafeChange(DEVICE, ACTION, cause, f"Bring {order.host} back, then run again.")
            found = next((it for it in backups if it.id == order.chain), None)
            cluster, room = (found.cluster, found.room_bytes) if found else ("", 0)
            return Plan(order, hosts, tuple(without), True, room, cluster)
        try:
            backup, moment = choose(backups, at)
        except NoBackup as error:
            where = f" to {shown(at)}" if at is not None else ""
            remedy = "See `piston restore databases SITE --list`."
            raise DeviceRefused(DEVICE, f"{ACTION}{where}", str(error), remedy) from error
        host = _first(looks, hosts, backup.id, moment)
        self._check_room(looks, hosts, host, backup)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        order = Order(backup.id, moment, host, stamp)
        return Plan(order, hosts, tuple(without), False, backup.room_bytes, backup.cluster)

    def run(self, plan: Plan) -> None:
        """Do it.

        Raises:
            PistonError: a host's own reason, or what did not happen in time.
        """
        order, host = plan.order, plan.order.host
        others = [it for it in plan.hosts if it != host]
        began = time.monotonic()
        if not (self._look(host) or {}).get("installed"):
            self._stage(order)
        positions = self._park(plan)
        try:
            position = first_position(positions, plan.cluster, time.time())
        except NoBackup as error:
            raise DeviceRefused(DEVICE, ACTION, str(error), "See grastate.dat of the hosts.") from error
        told = self._run(
            host, layout.RESTORE_INSTALL, {**asdict(order), "position": position}, "begin with it", _STOP_S
        )
        self._say(f"{host}: the restored data is in place; what was there lies in {told['aside']}")
        self._await([host], 1, _BEGIN_S)
        for other in others:
            told = self._run(other, layout.RESTORE_RELEASE, asdict(order), "let it join", _STOP_S)
            self._say(f"{other}: fetches the data from {host}; what was there lies in {told['aside']}")
        self._await(list(plan.hosts), len(plan.hosts), _JOIN_S)
        self._run(host, layout.RESTORE_RELEASE, asdict(order), "finish", _STOP_S)
        self._say(
            f"the databases are as they were at {shown(order.at)}, on {', '.join(plan.hosts)}; "
            f"{time.monotonic() - began:.0f} s"
        )
        for left in plan.left_out:
            self._say(f"{left}: its old data is replaced when it comes back")

    def _stage(self, order: Order) -> None:
        """Make it ready, and tell how far it is."""
        self._say(f"{order.host}: makes the restore ready beside the data in use")
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            target = {"chain": order.chain, "at": order.at}
            done = pool.submit(
                self._run, order.host, layout.RESTORE_STAGE_PROGRAM, target, "make it ready", _STAGE_S
            )
            self._follow(done, order.host)
            done.result()
        self._say(f"{order.host}: it is ready, {time.monotonic() - began:.0f} s; nothing in use was touched")

    def _follow(self, done: Future[Any], host: str) -> None:
        said, pause = "", Deadline.after(_STAGE_S)
        while not done.done() and not pause.over():
            pause.pause(_POLL_S)
            text = str((self._look(host) or {}).get("progress", ""))
            if text and text != said:
                self._say(f"{host}: {text}")
                said = text

    def _park(self, plan: Plan) -> list[str]:
        """Stop the database everywhere; where each member stood."""
        with ThreadPoolExecutor(len(plan.hosts)) as pool:
            given = asdict(plan.order)
            action = "stop its database"
            told = list(
                pool.map(lambda it: self._run(it, layout.RESTORE_PARK, given, action, _STOP_S), plan.hosts)
            )
        self._say(f"the database is stopped on {', '.join(plan.hosts)}")
        return [str(it["position"]) for it in told]

    def _await(self, hosts: list[str], size: int, limit_s: float) -> None:
        """Until these are in step with each other."""
        deadline, began, told_at = Deadline.after(limit_s), time.monotonic(), time.monotonic()
        while True:
            looks = self._looks()
            waiting = [it for it in hosts if not _in_step(looks[it], size)]
            took_s = time.monotonic() - began
            if not waiting:
                self._say(f"{', '.join(hosts)}: in step after {took_s:.0f} s")
                return
            if deadline.over():
                cause = f"{', '.join(waiting)} did not come in step within {limit_s:g} s"
                raise TimedOut(DEVICE, ACTION, cause, _AGAIN)
            if time.monotonic() - told_at >= _TOLD_S:
                self._say(f"waits for the database on {', '.join(waiting)}, {took_s:.0f} s")
                told_at = time.monotonic()
            deadline.pause(_POLL_S)

    def _taking_part(self, looks: Mapping[str, Any], without: Collection[str]) -> tuple[str, ...]:
        unknown = sorted(set(without) - set(looks))
        silent = [host for host, look in looks.items() if look is None and host not in without]
        there = [host for host in without if looks.get(host)]
        reasons = [
            *(f"{host} is no control host" for host in unknown),
            *(f"control host {host} does not answer, and may have the database running" for host in silent),
            *(f"control host {host} answers, and would keep what is to be replaced" for host in there),
        ]
        hosts = tuple(host for host, look in looks.items() if look is not None)
        if not hosts:
            reasons.append("no control host answers")
        if reasons:
            remedy = "Bring hosts back. One that is off for good is left out by `--without HOST`."
            raise UnsafeChange(DEVICE, ACTION, "; ".join(reasons), remedy)
        return hosts

    def _check_room(
        self, looks: Mapping[str, Any], hosts: Collection[str], host: str, backup: Backup
    ) -> None:
        short = [
            f"{it} has {looks[it]['free_bytes'] >> 20} MiB free"
            for it in hosts
            if looks[it]["free_bytes"] < backup.room_bytes and not (it == host and looks[it]["staged"])
        ]
        if short:
            cause = (
                f"the local mirror needs {backup.room_bytes >> 20} MiB beside the data: {', '.join(short)}"
            )
            raise UnsafeChange(DEVICE, ACTION, cause, "Make room: an old /persist/galera/before-* may go.")

    def _looks(self) -> dict[str, Any]:
        with ThreadPoolExecutor(max(1, len(self._agents))) as pool:
            return dict(zip(self._agents, pool.map(self._look, self._agents), strict=True))

    def _look(self, host: str) -> dict[str, Any] | None:
        try:
            return self._run(host, layout.RESTORE_LOOK, {}, "look at its database", _SHORT_S)
        except PistonError:
            return None

    def _run(
        self, host: str, program: str, given: Mapping[str, Any], action: str, limit_s: float
    ) -> dict[str, Any]:
        try:
            done = self._agents[host].run_program(
                program, json.dumps(given).encode(), Deadline.after(limit_s)
            )
        except PistonError as error:
            raise type(error)(host, action, error.cause, _AGAIN) from error
        if done.status != 0:
            raise DeviceRefused(host, action, done.errors or f"exit status {done.status}", _AGAIN)
        answer: dict[str, Any] = json.loads(done.output)
        return answer


def _in_step(look: Mapping[str, Any] | None, size: int) -> bool:
    return look is not None and look["usable"] and look["size"] >= size


def _first(looks: Mapping[str, Any], hosts: Collection[str], chain: str, at: int) -> str:
    """Where it begins: where it lies ready already, else where most room is."""
    wanted = {"chain": chain, "at": at}
    ready = [host for host in hosts if looks[host]["staged"] == wanted]
    return ready[0] if ready else max(hosts, key=lambda host: looks[host]["free_bytes"])

"""The steps of `piston restore databases`: make ready, stop, replace, begin, let the others copy.

Each step may be done again: a restore that was cut short is found on the hosts, and goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.cli.database_hosts import ACTION, AGAIN, Hosts
from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import DEVICE
from piston_iac.errors import DeviceRefused, TimedOut, UnsafeChange
from piston_iac.plan.cloud.backups import NO_CLUSTER, Backup, NoBackup, choose, first_position, shown
from piston_iac.restore_order import Order, Target, parse_order

_STAGE_S, _STOP_S = 3900.0, 250.0
_BEGIN_S, _JOIN_S = 240.0, 1800.0
_POLL_S, _TOLD_S = 1.0, 10.0
Say = Callable[[str], None]


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
    """One run of it. `say` tells the operator one line."""

    def __init__(self, hosts: Hosts, say: Say) -> None:
        self._hosts, self._say = hosts, say

    def plan(self, at: int | None, without: Collection[str]) -> Plan:
        """What would be done. Changes nothing.

        Raises:
            UnsafeChange: hosts do not answer, or lack room. DeviceRefused: no backup leads there.
        """
        looks = self._hosts.looks()
        hosts = self._taking_part(looks, without)
        orders = {json.dumps(it["order"], sort_keys=True) for host in hosts if (it := looks[host])["order"]}
        backups = self._hosts.backups()
        if len(orders) > 1:
            cause = "the hosts are in the middle of different restores"
            raise UnsafeChange(DEVICE, ACTION, cause, "Remove /persist/galera/parked of the wrong one.")
        if orders:
            order = parse_order(json.loads(orders.pop()))
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
        host = _first(looks, hosts, Target(backup.id, moment))
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
        began = time.monotonic()
        looks = self._hosts.looks()
        others = [it for it in plan.hosts if it != host]
        if (looks[host] or {}).get("installed"):
            # All were stopped before that; those that know no more of it were let go since.
            others = [it for it in others if (looks[it] or {}).get("order")]
            positions = []
        else:
            self._stage(order)
            positions = self._park(plan)
        try:
            position = first_position(positions, plan.cluster or NO_CLUSTER, time.time())
        except NoBackup as error:
            raise DeviceRefused(DEVICE, ACTION, str(error), "See grastate.dat of the hosts.") from error
        told = self._hosts.run(
            host, layout.RESTORE_INSTALL, {**asdict(order), "position": position}, "begin with it", _STOP_S
        )
        self._say(f"{host}: the restored data is in place; what was there lies in {told['aside']}")
        self._await([host], 1, _BEGIN_S)
        for other in others:
            told = self._hosts.run(other, layout.RESTORE_RELEASE, asdict(order), "let it join", _STOP_S)
            self._hosts.apply(other)
            self._say(f"{other}: fetches the data from {host}; what was there lies in {told['aside']}")
        self._await(list(plan.hosts), len(plan.hosts), _JOIN_S)
        self._hosts.run(host, layout.RESTORE_RELEASE, asdict(order), "finish", _STOP_S)
        self._hosts.apply(host)
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
            given, run = asdict(order.target), self._hosts.run
            done = pool.submit(
                run, order.host, layout.RESTORE_STAGE_PROGRAM, given, "make it ready", _STAGE_S
            )
            self._follow(done, order.host)
            done.result()
        self._say(f"{order.host}: it is ready, {time.monotonic() - began:.0f} s; nothing in use was touched")

    def _follow(self, done: Future[Any], host: str) -> None:
        said, pause = "", Deadline.after(_STAGE_S)
        while not done.done() and not pause.over():
            pause.pause(_POLL_S)
            text = str((self._hosts.look(host) or {}).get("progress", ""))
            if text and text != said:
                self._say(f"{host}: {text}")
                said = text

    def _park(self, plan: Plan) -> list[str]:
        """Stop the database everywhere; where each member stood."""
        with ThreadPoolExecutor(len(plan.hosts)) as pool:
            given = asdict(plan.order)
            action, run = "stop its database", self._hosts.run
            told = list(pool.map(lambda it: run(it, layout.RESTORE_PARK, given, action, _STOP_S), plan.hosts))
        self._say(f"the database is stopped on {', '.join(plan.hosts)}")
        return [str(it["position"]) for it in told]

    def _await(self, hosts: list[str], size: int, limit_s: float) -> None:
        """Until these are in step with each other."""
        deadline, began, told_at = Deadline.after(limit_s), time.monotonic(), time.monotonic()
        while True:
            looks = self._hosts.looks()
            waiting = [it for it in hosts if not _in_step(looks[it], size)]
            took_s = time.monotonic() - began
            if not waiting:
                self._say(f"{', '.join(hosts)}: in step after {took_s:.0f} s")
                return
            if deadline.over():
                cause = f"{', '.join(waiting)} did not come in step within {limit_s:g} s"
                raise TimedOut(DEVICE, ACTION, cause, AGAIN)
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


def _in_step(look: Mapping[str, Any] | None, size: int) -> bool:
    return look is not None and look["usable"] and look["size"] >= size


def _first(looks: Mapping[str, Any], hosts: Collection[str], target: Target) -> str:
    """Where it begins: where it lies ready already, else where most room is."""
    ready = [host for host in hosts if looks[host]["staged"] == asdict(target)]
    return ready[0] if ready else max(hosts, key=lambda host: looks[host]["free_bytes"])

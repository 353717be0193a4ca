"""The next action that brings the control plane toward what is wanted. Pure: one look in, one step out.

It goes: nothing -> one host with all stores, by permit -> the other hosts join -> settled. Hosts that lost
their disks join again by themselves; here it is only waited for, and hurried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from piston_iac import cloud_layout as layout
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.actions import Apply, Attempt, Bootstrap, Done, Fail, FinishPermit, Permit, Wait
from piston_iac.plan.cloud.fields import (
    AS_MADE,
    MEMBER,
    Looks,
    WantedControlPlane,
    seen_fields,
    wanted_fields,
)
from piston_iac.plan.cloud.member_service import ABSENT, RUNNING, STOPPED, part, usable
from piston_iac.plan.cloud.units import stopped_services

STORES = (layout.GALERA, layout.RABBITMQ)


@dataclass(frozen=True)
class Revive:
    """Have this host's database begin again: so many were lost that none dares to by itself."""

    node: str


@dataclass(frozen=True)
class ReloadBalancer:
    """Have these hosts' balancers take their files again: somebody changed what they have in memory."""

    nodes: tuple[str, ...]


@dataclass(frozen=True)
class GrowQueues:
    """Have these hosts take a copy of every queue."""

    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """One look. `looks`: None for a host that gives no answer. `given_up`: nodes that will not come in this
    run. `stalled`: nothing has moved for so long that databases do not find together by themselves.
    """

    reports: Mapping[str, NodeReport | None]
    looks: Looks
    permit: Permit | None
    given_up: frozenset[str] = frozenset()
    stalled: bool = False


Step = Apply | Bootstrap | Done | Fail | FinishPermit | GrowQueues | ReloadBalancer | Revive | Wait


def next_step(wanted: WantedControlPlane, look: Look, attempt: Attempt) -> Step:
    """Choose the next action."""
    hosts = list(wanted.members)
    having = [host for host in hosts if part(look.reports.get(host), layout.GALERA) in (RUNNING, STOPPED)]
    if not having:
        return _first(wanted, look, attempt)
    idle = _idle(look, hosts, attempt)
    if idle:
        return Apply(idle, f"start the control plane on {', '.join(idle)}")
    working = [host for host in having if (it := look.looks.get(host)) and it.database.usable]
    if not working:
        return _without_database(wanted, look, having)
    if look.permit and look.permit.state != "finished":
        return _finish_permit(wanted, look, working, attempt)
    joining = [
        host
        for host in hosts
        if usable(look.reports.get(host), layout.GALERA)
        and any(part(look.reports.get(host), store) == ABSENT for store in STORES)
    ]
    hurry = tuple(host for host in joining if attempt.may_tell(host))
    if hurry:
        return Apply(hurry, f"{', '.join(hurry)}: join the control plane")
    return _mend(wanted, look, attempt) or _end(wanted, look)


def _mend(wanted: WantedControlPlane, look: Look, attempt: Attempt) -> Step | None:
    """What members cannot mend by themselves, once each."""
    seen = seen_fields(wanted, look.looks, stopped_services(look.reports), {})
    answering = {host: it for host, it in look.looks.items() if it}
    changed = tuple(
        host
        for host, it in answering.items()
        if (it.out or seen["certificates"][host] != AS_MADE) and not attempt.told.get(balancer_of(host))
    )
    if changed:
        return ReloadBalancer(changed)
    if seen["shortQueues"] and all(seen["queues"][host] == MEMBER for host in answering):
        hosts = tuple(host for host in answering if not attempt.told.get(queues_of(host)))
        return GrowQueues(hosts) if hosts else None
    return None


def balancer_of(host: str) -> str:
    """The key under which an attempt keeps that it had a host's balancer reload."""
    return f"balancer of {host}"


def queues_of(host: str) -> str:
    """The key under which an attempt keeps that it had a host take copies of queues."""
    return f"queues of {host}"


def _idle(look: Look, hosts: list[str], attempt: Attempt) -> tuple[str, ...]:
    """Hosts on which something is stopped that has its data."""
    return tuple(
        host
        for host in hosts
        if usable(report := look.reports.get(host), layout.GALERA)
        and report is not None
        and any(
            state == STOPPED
            for name, state in report.services.items()
            if name != layout.OVN and not name.startswith("ceph-")
        )
        and attempt.may_tell(host)
    )


def _first(wanted: WantedControlPlane, look: Look, attempt: Attempt) -> Step:
    """No host has a database."""
    hosts = list(wanted.members)
    ready = [host for host in hosts if usable(look.reports.get(host), layout.GALERA)]
    silent = [host for host in hosts if host not in ready]
    waiting = [host for host in silent if host not in look.given_up]
    if attempt.born or (look.permit and look.permit.state == "finished"):
        if waiting:
            return Wait(f"the control hosts {', '.join(waiting)}")
        cause = "the database was made before, and is on none of the control hosts that answer"
        return Fail(
            cause, "Bring the other hosts and their disks back, or run `piston restore databases SITE`."
        )
    before = look.permit.node if look.permit else ""
    if before and before not in ready:
        if before in look.given_up:
            cause = f"{before} may hold a control plane that was just made, and is not ready in this run"
            return Fail(cause, f"Bring {before} back, then run `pulumi up` again.")
        return Wait(f"{before}, which may hold a control plane that was just made")
    needed = len(hosts) // 2 + 1
    if len(ready) >= needed:
        return Bootstrap(before or ready[0])
    if len(ready) + len(waiting) < needed:
        cause = f"no majority of control hosts: {', '.join(silent)} are not ready in this run"
        return Fail(cause, "Repair them, then run `pulumi up` again: it goes on from here.")
    return Wait(f"{needed} of the control hosts {', '.join(hosts)}")


def _without_database(wanted: WantedControlPlane, look: Look, having: list[str]) -> Step:
    """Members are there, and none takes statements.

    They settle among themselves who begins, and wait for whoever may have newer rows. When all hosts answer
    and nothing moves, a member has lost its data: then the one that has most begins.
    """
    silent = [host for host in wanted.members if not usable(look.reports.get(host), layout.GALERA)]
    logged = _logged(look, having)
    if silent:
        given_up = [host for host in silent if host in look.given_up]
        if given_up:
            cause = f"the database waits for its members, and {', '.join(given_up)} may hold its newest data"
            return Fail(cause + logged, f"Bring {', '.join(given_up)} back, then run `pulumi up` again.")
        hosts = ", ".join(silent)
        return Wait(f"the control hosts {hosts}: one of them may hold the database's newest data{logged}")
    if look.stalled:
        return Revive(max(having, key=lambda host: (_last_write(look, host), -having.index(host))))
    return Wait(f"the database on {', '.join(having)} to find its members{logged}")


def _logged(look: Look, hosts: list[str]) -> str:
    """What their databases log, as the end of a sentence."""
    seen = {host: it.database.logged for host in hosts if (it := look.looks.get(host))}
    return "".join(f"; {host} logs: {line}" for host, line in seen.items() if line)


def _last_write(look: Look, host: str) -> int:
    seen = look.looks.get(host)
    number = seen.database.position.rpartition(":")[2] if seen else ""
    return int(number) if number.lstrip("-").isdigit() else -1


def _finish_permit(wanted: WantedControlPlane, look: Look, working: list[str], attempt: Attempt) -> Step:
    """Only when all stores of the first host are there: it may have been cut short between two."""
    node = look.permit.node if look.permit else ""
    first = node if node in wanted.members else working[0]
    if all(part(look.reports.get(first), store) == RUNNING for store in STORES):
        return FinishPermit()
    if usable(look.reports.get(first), layout.GALERA) and any(
        part(look.reports.get(first), store) == ABSENT for store in STORES
    ):
        return Bootstrap(first)
    return Wait(f"the control plane of {first}")


def _end(wanted: WantedControlPlane, look: Look) -> Step:
    want = wanted_fields(wanted)
    seen = seen_fields(wanted, look.looks, stopped_services(look.reports), {})
    silent = [host for host in wanted.members if look.looks.get(host) is None]
    waiting = [host for host in silent if host not in look.given_up]
    open_ = []
    for field in ("database", "queues"):
        open_ += [
            f"{field} of {host} ({seen[field][host]})"
            for host in wanted.members
            if host not in silent and seen[field][host] != want[field][host]
        ]
    open_ += [f"{name} ({seen[name]})" for name in ("virtualAddress", "backup") if seen[name] != want[name]]
    open_ += [f"queues without a copy ({len(seen['shortQueues'])})"] if seen["shortQueues"] else []
    open_ += [f"backends ({', '.join(seen['backendsDown'])})"] if seen["backendsDown"] else []
    open_ += [
        f"certificate of {host} ({state})" for host, state in seen["certificates"].items() if state != AS_MADE
    ]
    if waiting:
        open_.append(f"the control hosts {', '.join(waiting)}")
    if open_:
        return Wait("; ".join(open_))
    return Done(tuple(f"{host} takes no part in the control plane yet" for host in silent))

"""The next action that brings OVN's databases toward what is wanted. Pure: one look in, one step out.

It goes: nothing -> one host with both, by permit -> the others join by themselves -> members on nodes that
hold them no more are dropped -> settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from piston_iac import cloud_layout as layout
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.actions import Apply, Attempt, Bootstrap, Done, Fail, FinishPermit, Permit, Wait
from piston_iac.plan.cloud.member_service import ABSENT, RUNNING, STOPPED, part, usable
from piston_iac.plan.cloud.ovn import JOINED, MEMBER, OvnLooks, state, strangers


@dataclass(frozen=True)
class DropStrangers:
    """Have this host's databases forget members on nodes that are to hold them no more."""

    host: str


@dataclass(frozen=True)
class Look:
    """One look. `looks`: None for a host that gives no answer. `given_up`: nodes that will not come in this
    run.
    """

    reports: Mapping[str, NodeReport | None]
    looks: OvnLooks
    permit: Permit | None
    given_up: frozenset[str] = frozenset()


Step = Apply | Bootstrap | Done | DropStrangers | Fail | FinishPermit | Wait


def next_step(members: Mapping[str, str], look: Look, attempt: Attempt) -> Step:
    """Choose the next action. `members`: address by host."""
    having = [host for host in members if part(look.reports.get(host), layout.OVN) in (RUNNING, STOPPED)]
    if not having:
        return _first(members, look, attempt)
    idle = tuple(
        host
        for host in members
        if usable(report := look.reports.get(host), layout.OVN)
        and part(report, layout.OVN) in (STOPPED, ABSENT)
        and attempt.may_tell(host)
    )
    if idle:
        return Apply(idle, f"start OVN's databases on {', '.join(idle)}")
    if look.permit and look.permit.state != "finished":
        running = [host for host in having if part(look.reports.get(host), layout.OVN) == RUNNING]
        return FinishPermit() if running else Wait(f"OVN's databases on {', '.join(having)}")
    return _end(members, look, attempt)


def _first(members: Mapping[str, str], look: Look, attempt: Attempt) -> Step:
    """No host has them."""
    ready = [host for host in members if usable(look.reports.get(host), layout.OVN)]
    silent = [host for host in members if host not in ready]
    waiting = [host for host in silent if host not in look.given_up]
    if attempt.born or (look.permit and look.permit.state == "finished"):
        if waiting:
            return Wait(f"{', '.join(waiting)}, which may have OVN's databases")
        cause = f"OVN's databases were made before, and are on none of {', '.join(members)}"
        return Fail(cause, "Bring the hosts that had them and their disks back.")
    before = look.permit.node if look.permit else ""
    if before and before not in ready:
        if before in look.given_up or before not in members:
            cause = f"{before} may hold databases of OVN that were just made, and is not ready in this run"
            return Fail(cause, f"Bring {before} back, then run `pulumi up` again.")
        return Wait(f"{before}, which may hold databases of OVN that were just made")
    needed = len(members) // 2 + 1
    if len(ready) >= needed:
        return Bootstrap(before or ready[0])
    if len(ready) + len(waiting) < needed:
        cause = f"no majority of the hosts of OVN's databases: {', '.join(silent)} are not ready in this run"
        return Fail(cause, "Repair them, then run `pulumi up` again: it goes on from here.")
    return Wait(f"{needed} of {', '.join(members)}")


def _end(members: Mapping[str, str], look: Look, attempt: Attempt) -> Step:
    addresses = tuple(members.values())
    answering = {host: it for host in members if (it := look.looks.get(host)) is not None}
    silent = [host for host in members if host not in answering]
    waiting = [host for host in silent if host not in look.given_up]
    joined = [host for host, it in answering.items() if all(one.status == JOINED for one in it.values())]
    left = [host for host in joined if any(strangers(one, addresses) for one in answering[host].values())]
    # A newcomer needs the votes of those that leave: they stay until it is in.
    if left and len(joined) == len(members) - len(silent) and not waiting and attempt.may_tell(left[0]):
        return DropStrangers(left[0])
    open_ = [
        f"OVN's databases of {host} ({said})"
        for host, it in answering.items()
        if (said := state(it, addresses)) != MEMBER
    ]
    open_ += [f"the answer of {', '.join(waiting)}"] if waiting else []
    if open_:
        return Wait("; ".join(open_))
    return Done(tuple(f"{host} holds none of OVN's databases yet" for host in silent))

"""What a plan compares of the control plane: wanted fields, and the same fields as they are. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.backup_field import CURRENT, backup_state
from piston_iac.plan.cloud.seen import DatabaseMember, HostLook, QueueMember

IN_STEP, HELD, MEMBER = "in step", "held", "member"
MISSING, AS_MADE = "missing", "as made"
# How a tool that was given up on says so.
_IN_TIME = "took longer than"
# Enough for an operator who is on holiday.
_LAST_DAYS = 30
Fields = dict[str, Any]
Looks = Mapping[str, HostLook | None]


@dataclass(frozen=True)
class WantedControlPlane:
    """`members`: address by host; `address`: the virtual one; `certificates`: SHA-256 by host."""

    members: Mapping[str, str]
    address: str
    certificates: Mapping[str, str]


def wanted_fields(wanted: WantedControlPlane) -> Fields:
    """The fields of a control plane that is as wanted."""
    return {
        "database": dict.fromkeys(wanted.members, IN_STEP),
        "queues": dict.fromkeys(wanted.members, MEMBER),
        "virtualAddress": {wanted.address: HELD},
        "shortQueues": [],
        "backendsDown": [],
        "certificates": dict.fromkeys(wanted.members, AS_MADE),
        "backup": CURRENT,
        "awaits": [],
    }


def unmade_fields(wanted: WantedControlPlane) -> Fields:
    """The fields while there is nothing at all."""
    missing = dict.fromkeys(wanted.members, MISSING)
    return {
        **wanted_fields(wanted),
        "database": missing,
        "queues": missing,
        "virtualAddress": {wanted.address: "on no host"},
    }


def seen_fields(
    wanted: WantedControlPlane,
    looks: Looks,
    stopped: Mapping[str, Collection[str]],
    before: Mapping[str, Any],
) -> Fields:
    """The fields as they are.

    What runs on a node that gives no answer keeps its last value: that node's own line says why it is away.

    Args:
        stopped: services with a unit that does not run, by host: their own resources tell them.
        before: the fields' last values.
    """
    silent = {host for host in wanted.members if looks.get(host) is None}

    def each(field: str, states: Mapping[str, str]) -> dict[str, str]:
        last = before.get(field, {})
        return {
            host: str(last.get(host, MISSING)) if host in silent else states[host] for host in wanted.members
        }

    answering = {host: look for host, look in looks.items() if look is not None and host in wanted.members}
    size = len(wanted.members) - len(silent)
    running = {name for look in answering.values() for name in look.queues.running}
    short = {queue for look in answering.values() for queue in look.queues.short} if not silent else set()
    return {
        "database": each("database", {host: _database(look.database) for host, look in answering.items()}),
        "queues": each(
            "queues",
            {host: _queues(look.queues, wanted, host, size, running) for host, look in answering.items()},
        ),
        "virtualAddress": {wanted.address: _holders(answering)},
        "shortQueues": sorted(short),
        "backendsDown": backends_down(answering, stopped, silent),
        "certificates": {
            host: _certificate(looks.get(host), wanted.certificates[host])
            or str(before.get("certificates", {}).get(host, AS_MADE))
            for host in wanted.members
        },
        "backup": backup_state(list(answering.values()), str(before.get("backup", CURRENT))),
        "awaits": sorted(silent),
    }


def _database(seen: DatabaseMember) -> str:
    if seen.fault:
        return "stopped"
    return IN_STEP if seen.usable else f"{seen.state or 'unknown'}, {seen.component or 'no'} component"


def _queues(
    seen: QueueMember, wanted: WantedControlPlane, host: str, size: int, running: Collection[str]
) -> str:
    own = layout.rabbitmq_node(wanted.members[host])
    if seen.fault and _IN_TIME in seen.fault:
        # A machine that has no time for the question: what other members see of it counts.
        return MEMBER if own in running else "no answer in time"
    if seen.fault:
        return "stopped"
    if own not in seen.running:
        return "not running"
    strangers = sorted(set(seen.members) - {layout.rabbitmq_node(it) for it in wanted.members.values()})
    if strangers:
        return f"in a cluster with {', '.join(strangers)}"
    return MEMBER if len(seen.running) >= size else f"sees {len(seen.running)} of {size} members"


def _holders(looks: Mapping[str, HostLook]) -> str:
    holders = sorted(host for host, look in looks.items() if look.has_address)
    if len(holders) == 1:
        return HELD
    return f"on {' and '.join(holders)}" if holders else "on no host"


def backends_down(
    looks: Mapping[str, HostLook], stopped: Mapping[str, Collection[str]], silent: set[str]
) -> list[str]:
    """Databases that work and that the holder of the address does not use, less those of silent hosts, and
    whatever somebody had any balancer leave out. An API that is dead is told by its own service, and so is a
    unit that does not run: it had its own balancer leave it out when it stopped.
    """
    found: set[str] = set()
    for host, look in looks.items():
        left = {f"{service}-here/here MAINT" for service in stopped.get(host, ())}
        found |= {f"{it} on {host}" for it in look.out if it not in left}
        if look.has_address:
            pairs = (it.partition("/") for it in look.down or ())
            found |= {
                f"database/{node}"
                for name, _, node in pairs
                if name == "database" and node not in silent and node in looks and looks[node].database.usable
            }
    return sorted(found)


def _certificate(look: HostLook | None, sha256: str) -> str:
    """What a host serves, in words; empty where that cannot be seen: its unit's own line says why."""
    served = look.certificate if look else None
    if served is None:
        return ""
    if served.days < _LAST_DAYS:
        return f"ends on {served.ends}"
    return AS_MADE if served.sha256 == sha256 else "another one"

"""What a plan compares of the control plane: wanted fields, and the same fields as they are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.backup_field import CURRENT, backup_state
from piston_iac.plan.cloud.seen import DatabaseMember, HostLook, QueueMember

IN_STEP, HELD, MEMBER = "in step", "held", "member"
MISSING = "missing"
Fields = dict[str, Any]
Looks = Mapping[str, HostLook | None]


@dataclass(frozen=True)
class WantedControlPlane:
    """`members`: address by host; `address`: the virtual one."""

    members: Mapping[str, str]
    address: str


def wanted_fields(wanted: WantedControlPlane) -> Fields:
    """The fields of a control plane that is as wanted."""
    return {
        "database": dict.fromkeys(wanted.members, IN_STEP),
        "queues": dict.fromkeys(wanted.members, MEMBER),
        "ovn": dict.fromkeys(wanted.members, MEMBER),
        "virtualAddress": {wanted.address: HELD},
        "shortQueues": [],
        "backendsDown": [],
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
        "ovn": missing,
        "virtualAddress": {wanted.address: "on no host"},
    }


def seen_fields(
    wanted: WantedControlPlane,
    looks: Looks,
    before: Mapping[str, Any],
) -> Fields:
    """The fields as they are.

    What runs on a node that gives no answer keeps its last value: that node's own line says why it is away.

    Args:
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
    short = {queue for look in answering.values() for queue in look.queues.short} if not silent else set()
    return {
        "database": each("database", {host: _database(look.database) for host, look in answering.items()}),
        "queues": each(
            "queues", {host: _queues(look.queues, wanted, host, size) for host, look in answering.items()}
        ),
        "ovn": each("ovn", {host: _ovn(look, wanted, host) for host, look in answering.items()}),
        "virtualAddress": {wanted.address: _holders(answering)},
        "shortQueues": sorted(short),
        "backendsDown": backends_down(answering, silent),
        "backup": backup_state(list(answering.values()), str(before.get("backup", CURRENT))),
        "awaits": sorted(silent),
    }


def _database(seen: DatabaseMember) -> str:
    if seen.fault:
        return "stopped"
    return IN_STEP if seen.usable else f"{seen.state or 'unknown'}, {seen.component or 'no'} component"


def _queues(seen: QueueMember, wanted: WantedControlPlane, host: str, size: int) -> str:
    if seen.fault:
        return "stopped"
    own = layout.rabbitmq_node(wanted.members[host])
    if own not in seen.running:
        return "not running"
    strangers = sorted(set(seen.members) - {layout.rabbitmq_node(it) for it in wanted.members.values()})
    if strangers:
        return f"in a cluster with {', '.join(strangers)}"
    return MEMBER if len(seen.running) >= size else f"sees {len(seen.running)} of {size} members"


def _ovn(look: HostLook, wanted: WantedControlPlane, host: str) -> str:
    for database, seen in look.ovn.items():
        if seen.fault:
            return f"{database} stopped"
        if seen.status != "cluster member":
            return f"{database}: {seen.status or 'no member'}"
        if not seen.leader:
            return f"{database} without a leader"
        ghosts = sorted(at for at, count in Counter(seen.members).items() if count > 1)
        strangers = sorted(set(seen.members) - set(wanted.members.values()))
        if ghosts or strangers:
            return f"{database} has members that are gone: {', '.join(ghosts + strangers)}"
    return MEMBER


def _holders(looks: Mapping[str, HostLook]) -> str:
    holders = sorted(host for host, look in looks.items() if look.has_address)
    if len(holders) == 1:
        return HELD
    return f"on {' and '.join(holders)}" if holders else "on no host"


def backends_down(looks: Mapping[str, HostLook], silent: set[str], service: str = "database") -> list[str]:
    """Hosts whose part of a service the holder of the address does not use, less those that are silent."""
    found: set[str] = set()
    for look in looks.values():
        if look.has_address:
            pairs = (it.partition("/") for it in look.down or ())
            found |= {node for name, _, node in pairs if name == service and node not in silent}
    return sorted(found)

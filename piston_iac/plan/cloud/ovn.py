"""OVN's databases as their members tell it, and what a plan compares of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout

MEMBER, MISSING = "member", "missing"
JOINED = "cluster member"


@dataclass(frozen=True)
class OvnMember:
    """One member of one of the databases. `members` are addresses, one twice for a member and its ghost.
    `cluster`: the id that the database was born with. `fault`: why nothing else is known.
    """

    cluster: str = ""
    status: str = ""
    leader: str = ""
    members: tuple[str, ...] = ()
    fault: str = ""


OvnLook = Mapping[str, OvnMember]
"""What one host says: a member by database."""
OvnLooks = Mapping[str, OvnLook | None]
"""By host; None for one that gives no answer."""


def parse(raw: Mapping[str, Any]) -> dict[str, OvnMember]:
    """Read what the program `ovn-look` printed.

    Raises:
        ValueError: it does not fit this version.
    """
    try:
        return {schema: _member(raw[schema]) for schema in layout.OVN_DATABASES}
    except (KeyError, TypeError) as error:
        raise ValueError(f"the look at OVN's databases does not fit this version: {error}") from error


def _member(raw: Mapping[str, Any]) -> OvnMember:
    if "fault" in raw:
        return OvnMember(fault=str(raw["fault"]))
    return OvnMember(raw["cluster"], raw["status"], raw["leader"], tuple(raw["members"]))


def wanted_fields(members: Mapping[str, str]) -> dict[str, Any]:
    """The compared fields of databases that are as wanted. `members`: address by host."""
    return {"states": dict.fromkeys(members, MEMBER), "awaits": []}


def unmade_fields(members: Mapping[str, str]) -> dict[str, Any]:
    """The fields while there are none."""
    return {**wanted_fields(members), "states": dict.fromkeys(members, MISSING)}


def seen_fields(members: Mapping[str, str], looks: OvnLooks, before: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are. A host that gives no answer keeps its last value: its node's own line says why.

    Args:
        before: the fields' last values.
    """
    last = before.get("states", {})
    states = {
        host: state(look, tuple(members.values()))
        if (look := looks.get(host)) is not None
        else str(last.get(host, MISSING))
        for host in members
    }
    return {"states": states, "awaits": sorted(host for host in members if looks.get(host) is None)}


def state(look: OvnLook, addresses: Sequence[str]) -> str:
    """What one host's members are, in words."""
    for database, seen in look.items():
        if seen.fault:
            return f"{database} stopped"
        if seen.status != JOINED:
            return f"{database}: {seen.status or 'no member'}"
        if not seen.leader:
            return f"{database} without a leader"
        ghosts = sorted(at for at, count in Counter(seen.members).items() if count > 1)
        gone = [*ghosts, *strangers(seen, addresses)]
        if gone:
            return f"{database} has members that are gone: {', '.join(gone)}"
    return MEMBER


def strangers(seen: OvnMember, addresses: Sequence[str]) -> list[str]:
    """Addresses of members on nodes that are to hold the databases no more."""
    return sorted(set(seen.members) - set(addresses))


def cluster_ids(looks: OvnLooks) -> str:
    """The ids of both databases, as one text; empty while a joined member of one of them is not seen."""
    found = {
        schema: sorted(
            {it.cluster for look in looks.values() if look and (it := look[schema]).status == JOINED}
        )
        for schema in layout.OVN_DATABASES
    }
    return " ".join(ids[0] for ids in found.values()) if all(found.values()) else ""

"""How is a member of the database to be started? Pure: what its files say, and whether others run.

Source: Galera's documentation, "Restarting the Cluster" and "pc.recovery".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from piston_iac.node_programs.program import Fault

NO_UUID = "00000000-0000-0000-0000-000000000000"
_MIB = 1024**2
_SHARE, _LEAST_MIB, _STEP_MIB = 16, 128, 128
_POSITION = re.compile(r"Recovered position:\s*([0-9a-f-]{36}):(-?\d+)")


class Start(Enum):
    """The ways to start."""

    JOIN = "join"  # with the others, which run, or start too
    NEW = "new"  # alone, as a new primary component: the others will join it


@dataclass(frozen=True)
class MemberFiles:
    """What a member left on its disks.

    `told_new`: the operator had it begin a component, and it has not worked since. `last_to_leave`: it
    stopped in order, after all others. `in_view`: it was in a primary component when it ended without order.
    """

    told_new: bool
    last_to_leave: bool
    in_view: bool


@dataclass(frozen=True)
class Peers:
    """What the others say. `run`: one of them runs. `as_they_were`: all are here as in one last view.

    `first`: this member is the one that has to begin. See `galera_begin` for both.
    """

    run: bool
    as_they_were: bool
    first: bool


def start_of(files: MemberFiles, peers: Peers) -> Start | None:
    """How to start; None while that cannot be known: nobody runs whom it could join.

    One that was the last to leave has everything that was ever written, so it may begin again by itself.
    While others run it joins them whatever was told: they would be two clusters.
    """
    if peers.run:
        return Start.JOIN
    if files.told_new:
        return Start.NEW
    if peers.as_they_were:
        return Start.JOIN
    if peers.first or (files.last_to_leave and not files.in_view):
        return Start.NEW
    return None


def weight_of(position: str, start: Start) -> int:
    """What the member counts until it has all data, when a majority is looked for.

    One that has to fetch everything counts for nothing: two such members that came and died took the majority
    of the one that had the data, and it served nobody until an operator had it begin anew.

    Args:
        position: `<cluster uuid>:<number of its last write>`; empty for no data.
    """
    return 0 if start is Start.JOIN and not position else 1


def buffer_pool_bytes(memory_bytes: int, most_mib: int) -> int:
    """How large InnoDB's buffer pool is to be: a sixteenth of the node's memory, in whole steps of 128 MiB.

    The rest is for OSDs, APIs and VMs; the tables of a control plane are small. It is never less than
    MariaDB's own default of 128 MiB, whatever `most_mib` says.
    """
    wanted_mib = memory_bytes // _SHARE // _MIB
    return max(_LEAST_MIB, min(wanted_mib, most_mib) // _STEP_MIB * _STEP_MIB) * _MIB


def safe_to_bootstrap(grastate: str) -> bool:
    """Whether grastate.dat says that this member was the last to leave."""
    fields = dict(line.split(":", 1) for line in grastate.splitlines() if ":" in line)
    return fields.get("safe_to_bootstrap", "").strip() == "1" and NO_UUID not in fields.get("uuid", "")


def recovered_position(log: str) -> str:
    """`<uuid>:<number>` from what `mariadbd --wsrep-recover` logs; empty when it says none."""
    found = _POSITION.findall(log)
    return ":".join(found[-1]) if found else ""


def began_at(recovered: str, told: str, start: Start) -> str:
    """Where restored data begins: at the position that was told, until it has gone beyond it. Pure.

    Args:
        recovered, told: `<uuid>:<number>`; the former may be empty.
    Raises:
        Fault: others run. What was restored is not theirs, and must not take their writes for its own next.
    """
    uuid, _, number = recovered.rpartition(":")
    told_uuid, _, told_number = told.strip().rpartition(":")
    if uuid == told_uuid and int(number) >= int(told_number):
        return recovered
    if start is not Start.NEW:
        raise Fault("restored data waits to begin, and another member of the database runs")
    return told.strip()

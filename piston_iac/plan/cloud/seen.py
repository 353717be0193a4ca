"""The control plane as its hosts see it. Made of what the program `control-plane-look` tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DatabaseMember:
    """One member of the database.

    `usable`: it takes statements. `component`: `Primary` where a majority is; `cluster`: id of the data's
    history; `size`: members it sees; `position`: `<cluster>:<number of its last write>` when it was last
    started, empty for none. `fault`: why nothing else is known; `logged`: the last error of its unit then.
    """

    usable: bool = False
    state: str = ""
    component: str = ""
    cluster: str = ""
    size: int = 0
    position: str = ""
    fault: str = ""
    logged: str = ""


@dataclass(frozen=True)
class QueueMember:
    """One member of the message bus: Erlang names of those that run and of all; queues that lack a copy."""

    running: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Certificate:
    """What a host's balancer serves: SHA-256, the day it ends, how many days are left."""

    sha256: str
    ends: str
    days: int


@dataclass(frozen=True)
class BackupMaker:
    """What one host knows of the databases' backups.

    `holder`: it makes them. `chain`, `until`: the newest, and the last moment that it can bring back, seconds
    since 1970, 0 for none; `age_s`: since then; `able_s`: how long this host has had all that it takes.
    `waits`: `storage` or `database`, when it lacks that; `fault`: why it makes none.
    """

    holder: bool = False
    chain: str = ""
    until: int = 0
    age_s: int = 0
    able_s: int = 0
    waits: str = ""
    fault: str = ""


@dataclass(frozen=True)
class HostLook:
    """All of one host. `has_address`: the virtual address is here; `down`: `service/node` its balancer
    holds for dead; None where the balancer does not answer; `out`: `service/node MAINT`, what somebody had it
    leave out. `certificate`: None where none is served.
    """

    database: DatabaseMember
    queues: QueueMember
    has_address: bool
    down: tuple[str, ...] | None
    out: tuple[str, ...] = ()
    certificate: Certificate | None = None
    backup: BackupMaker = BackupMaker()


def parse(raw: Mapping[str, Any]) -> HostLook:
    """Read what the program printed.

    Raises:
        ValueError: it does not fit this version.
    """
    try:
        servers, served = raw["balancer"], raw["certificate"]
        return HostLook(
            DatabaseMember(**raw["database"]),
            _queues(raw["queues"]),
            raw["address"] is True,
            tuple(servers["down"]) if "down" in servers else None,
            tuple(servers.get("out", ())),
            None if "fault" in served else Certificate(**served),
            BackupMaker(**raw["backup"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the look at the control plane does not fit this version: {error}") from error


def _queues(raw: Mapping[str, Any]) -> QueueMember:
    if "fault" in raw:
        return QueueMember(fault=str(raw["fault"]))
    return QueueMember(tuple(raw["running"]), tuple(raw["members"]), tuple(raw["short"]))

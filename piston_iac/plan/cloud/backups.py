"""Which backup brings the databases back to a moment? Pure. Times are seconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Above all that any member ever had, also one that is away: no database writes this many times a second.
_WRITES_A_SECOND = 1000
_STEP = 1_000_000
NO_CLUSTER = "00000000-0000-0000-0000-000000000000"


class NoBackup(Exception):
    """Nothing leads there. The text is one line, and says where something does."""


@dataclass(frozen=True)
class Backup:
    """One chain. It can bring back any moment from `start` to `until`. `room_bytes`: what that takes on a
    mirror beside the data in use; `cluster`: id of the database's history.
    """

    id: str
    host: str
    start: int
    until: int
    full_bytes: int
    log_bytes: int
    stored_bytes: int
    room_bytes: int
    cluster: str


def parse_backups(raw: Mapping[str, Any]) -> tuple[Backup, ...]:
    """Read what the program `restore-list` prints, oldest first.

    Raises:
        ValueError: it does not fit this version.
    """
    try:
        found = [Backup(**entry) for entry in raw["chains"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"the list of backups does not fit this version: {error}") from error
    return tuple(sorted(found, key=lambda it: (it.start, it.id)))


def parse_time(text: str) -> int:
    """A moment in ISO 8601; UTC when it names no zone. Fractions of a second are dropped.

    Raises:
        ValueError: it is none, or only a date.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"`{text}` is no time in ISO 8601, as in 2026-11-25T10:00:00") from None
    if not any(mark in text.strip()[8:] for mark in ("T", "t", " ")):
        raise ValueError(f"`{text}` is a date: give the time of day too, as in {text.strip()}T10:00:00")
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def shown(at: int) -> str:
    """A moment as the operator reads and writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def choose(backups: Sequence[Backup], at: int | None) -> tuple[Backup, int]:
    """The backup that leads to a moment, and the moment; the newest possible one when none is given.

    Raises:
        NoBackup: none leads there.
    """
    if not backups:
        raise NoBackup("there is no backup yet")
    if at is None:
        newest = max(backups, key=lambda it: (it.until, it.start))
        return newest, newest.until
    leading = [it for it in backups if it.start <= at <= it.until]
    if leading:
        # The youngest has the fewest logs to run.
        return max(leading, key=lambda it: it.start), at
    before = max((it.until for it in backups if it.until < at), default=None)
    after = min((it.start for it in backups if it.start > at), default=None)
    if before is None and after is not None:
        raise NoBackup(f"the oldest backup begins at {shown(after)}")
    if after is None and before is not None:
        raise NoBackup(f"the newest backup ends at {shown(before)}")
    near = f"{shown(before or 0)} and {shown(after or 0)}"
    raise NoBackup(f"no backup leads there; the nearest moments are {near}")


def first_position(positions: Iterable[str], backup_cluster: str, now: float) -> str:
    """Where the restored database begins: `<cluster>:<number>`, the number above all that a member had.

    Args:
        positions: of every member that is known, `<cluster>:<number>`, empty for one without data.
        backup_cluster: of the backup, for the case that no member has data.
        now: seconds since 1970.
    Raises:
        NoBackup: members have data of several histories, and none is the backup's.
    """
    known = [
        (cluster, int(number)) for cluster, _, number in (it.rpartition(":") for it in positions) if cluster
    ]
    clusters = {cluster for cluster, _ in known}
    if len(clusters) > 1 and backup_cluster not in clusters:
        raise NoBackup(f"the control hosts have data of several databases: {', '.join(sorted(clusters))}")
    cluster = next(iter(clusters)) if len(clusters) == 1 else backup_cluster
    highest = max((number for _, number in known), default=0)
    return f"{cluster}:{max(highest + _STEP, int(now) * _WRITES_A_SECOND)}"

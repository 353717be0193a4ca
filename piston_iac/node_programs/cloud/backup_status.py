"""What the maker of backups says of itself: written by it in memory every round, read by the look.

Times are seconds since 1970, UTC; 0 for never.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.files import write_atomically

STORAGE, DATABASE = "storage", "database"
# A round that ends in a time limit of Ceph's takes this long, and a full copy says so as it goes on.
_SILENT_S = 120.0


@dataclass(frozen=True)
class Status:
    """One round. `since`: from when on storage and database have been there without a break, as this host
    sees it. `holder`: this host makes the backups. `start`, `until`: what the newest chain can restore.
    `waits`: what it cannot do without and does not get, `storage`, `database` or nothing; `fault`: why no
    backup is made.
    """

    at: float
    since: float = 0.0
    holder: bool = False
    chain: str = ""
    start: int = 0
    until: int = 0
    waits: str = ""
    fault: str = ""


def write(status: Status, path: Path = Path(layout.BACKUP_STATUS)) -> None:
    """Say it."""
    write_atomically(path, json.dumps(asdict(status)).encode(), 0o644)


def look(path: Path = Path(layout.BACKUP_STATUS)) -> dict[str, object]:
    """What this node knows of the backups, for the operator: see `summary`.

    Raises:
        OSError, ValueError: nothing was said yet.
    """
    try:
        return summary(Status(**json.loads(path.read_text())), time.time())
    except TypeError as error:
        raise ValueError(f"{path} does not fit this image") from error


def summary(status: Status, now: float) -> dict[str, object]:
    """{"holder", "chain", "until", "age_s": since `until`, "able_s": for how long it could have made one,
    "waits", "fault"}. Pure.
    """
    silent_s = now - status.at
    fault = f"the maker of backups has said nothing for {silent_s:.0f} s" if silent_s > _SILENT_S else ""
    return {
        "holder": status.holder,
        "chain": status.chain,
        "until": status.until,
        "age_s": max(0, round(now - status.until)),
        "able_s": max(0, round(now - status.since)) if status.since else 0,
        "waits": "" if fault else status.waits,
        "fault": fault or status.fault,
    }

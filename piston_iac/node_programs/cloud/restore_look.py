"""What can be restored, and how far a restore is on this node. Touches nothing."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud import restore_place as place
from piston_iac.node_programs.cloud.backup_store import open_store
from piston_iac.node_programs.cloud.galera_check import local_status, usable
from piston_iac.node_programs.cloud.restore_stage import room_needed
from piston_iac.node_programs.program import Answer

RESTORED = "piston-restored"
"""In a data directory: the stamp of the restore that it came from."""
_ROOT, _DATA = Path(layout.GALERA_ROOT), Path(layout.GALERA_DATA)
_PID = Path(layout.GALERA_PID)


def list_() -> Answer:
    """What can be restored.

    Raises:
        StorageAway: the storage does not answer.
    """
    with open_store() as store:
        chains = store.whole()
    return {
        "chains": [
            {
                "id": it.id,
                "host": it.host,
                "start": it.start,
                "until": it.until,
                "full_bytes": it.full_bytes,
                "log_bytes": sum(size for _, size in it.logs),
                "stored_bytes": it.stored_bytes,
                "room_bytes": room_needed(it),
                "cluster": it.cluster,
            }
            for it in chains
        ]
    }


def look() -> Answer:
    """How far a restore is here."""
    order, staged = place.order(), place.staged()
    status: dict[str, str] = {}
    with suppress(OSError):
        status = local_status()
    return {
        "order": asdict(order) if order else None,
        "staged": asdict(staged) if staged else None,
        "progress": place.PROGRESS.read_text() if place.PROGRESS.exists() else "",
        "usable": usable(status),
        "size": int(status.get("wsrep_cluster_size", "0")),
        "running": server_runs(),
        "installed": bool(order) and installed() == (order.stamp if order else ""),
        "cluster": status.get("wsrep_cluster_state_uuid", "") if usable(status) else "",
        "free_bytes": shutil.disk_usage(_ROOT if _ROOT.exists() else "/persist").free,
    }


def installed() -> str:
    """The stamp of the restore that the data came from; empty for none."""
    try:
        return (_DATA / RESTORED).read_text()
    except OSError:
        return ""


def server_runs() -> bool:
    """Whether this node's server runs, whoever started it."""
    try:
        pid = int(_PID.read_text())
        return layout.GALERA_RUN_CONF in Path(f"/proc/{pid}/cmdline").read_text()
    except (OSError, ValueError):
        return False

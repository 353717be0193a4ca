"""What this control host sees of the control plane: `python3 -m piston_iac.node_programs.cloud.look all`.

In: {}. Out: {"database": {...}, "queues": {...}, "address": whether the virtual address is here, "balancer":
{"down", "out": [servers]}, "certificate": {...}, "backup": see `backup_status.summary`}. A part that does not
answer is {"fault": why}; the database has "logged" then, the last error of its unit. Touches nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_programs.cloud import backup_status, balancer, rabbitmq
from piston_iac.node_programs.cloud.access import Access, has_address, read_access
from piston_iac.node_programs.cloud.galera_check import local_status, usable
from piston_iac.node_programs.cloud.unit_errors import last_error
from piston_iac.node_programs.program import Answer, converse, leave


def look() -> Answer:
    """All parts, each by itself.

    Raises:
        Fault: this node is no control host.
    """
    access = read_access()
    parts: dict[str, Callable[[], Any]] = {
        "database": _database,
        "queues": lambda: _queues(access),
        "address": lambda: has_address(access),
        "balancer": balancer.servers,
        "certificate": lambda: balancer.certificate(access.own, layout.KEYSTONE_PORT),
        "backup": backup_status.look,
    }
    with ThreadPoolExecutor(len(parts)) as pool:
        return dict(zip(parts, pool.map(_guarded, parts.values()), strict=True))


def _guarded(part: Callable[[], Any]) -> Any:
    try:
        return part()
    except (ToolFailed, OSError, ValueError, KeyError) as error:
        return {"fault": " ".join(str(error).split())}


def _database() -> Answer:
    position = Path(layout.GALERA_POSITION)
    known = {"position": position.read_text() if position.exists() else ""}
    try:
        status = local_status()
    except OSError as error:
        return {**known, "fault": str(error), "logged": last_error(layout.GALERA_UNIT)}
    return {
        **known,
        "usable": usable(status),
        "state": status.get("wsrep_local_state_comment", ""),
        "component": status.get("wsrep_cluster_status", ""),
        "cluster": status.get("wsrep_cluster_state_uuid", ""),
        "size": int(status.get("wsrep_cluster_size", "0")),
    }


def _queues(access: Access) -> Answer:
    seen = rabbitmq.see(access.own)
    return {
        "running": sorted(seen["running"]),
        "members": sorted(seen["members"]),
        "short": sorted(it["name"] for it in seen["queues"] if len(it["online"]) < len(access.members)),
    }


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["all"]:
        print("usage: look all", file=sys.stderr)
        return 2
    return converse(dict, lambda _: look())


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

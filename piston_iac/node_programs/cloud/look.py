"""What this control host sees of the control plane: `python3 -m piston_iac.node_programs.cloud.look all`.

In: {}. Out: {"database": {...}, "queues": {...}, "ovn": {database: {...}}, "address": whether the virtual
address is here, "down": [backends], "backup": see `backup_status.summary`}. A part that does not answer is
{"fault": why}. Touches nothing.
"""

from __future__ import annotations

import csv
import json
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_programs.cloud import backup_status, ovn, rabbitmq
from piston_iac.node_programs.cloud.access import Access, read_access
from piston_iac.node_programs.cloud.galera_check import local_status, usable
from piston_iac.node_programs.program import Answer, converse, leave

_STATS_S = 2.0
_QUEUES_S = 8.0
_CHUNK = 1 << 16


def look() -> Answer:
    """All parts, each by itself.

    Raises:
        Fault: this node is no control host.
    """
    access = read_access()
    parts: dict[str, Callable[[], Any]] = {
        "database": _database,
        "queues": lambda: _queues(access),
        **{name: partial(_ovn, name) for name in layout.OVN_DATABASES},
        "address": lambda: _has_address(access),
        "down": _down,
        "backup": backup_status.look,
    }
    with ThreadPoolExecutor(len(parts)) as pool:
        seen = dict(zip(parts, pool.map(_guarded, parts.values()), strict=True))
    databases = {name: seen.pop(name) for name in layout.OVN_DATABASES}
    return {**seen, "ovn": databases}


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
        return {**known, "fault": str(error)}
    return {
        **known,
        "usable": usable(status),
        "state": status.get("wsrep_local_state_comment", ""),
        "component": status.get("wsrep_cluster_status", ""),
        "cluster": status.get("wsrep_cluster_state_uuid", ""),
        "size": int(status.get("wsrep_cluster_size", "0")),
    }


def _queues(access: Access) -> Answer:
    asked = (
        ("cluster_status", "--formatter", "json"),
        ("list_queues", "--formatter", "json", "name", "type", "members", "online"),
    )
    with ThreadPoolExecutor(len(asked)) as pool:
        # While a member joins, the others may be silent for long: the rest must not wait for them.
        status, queues = pool.map(
            lambda words: json.loads(rabbitmq.ctl(access.own, *words, limit_s=_QUEUES_S)), asked
        )
    return {
        "running": sorted(status["running_nodes"]),
        "members": sorted(status["disk_nodes"]),
        # Streams and quorum queues have members; a classic queue lives on one node.
        "short": sorted(it["name"] for it in queues if _is_short(it, len(access.members))),
    }


def _is_short(queue: dict[str, Any], wanted: int) -> bool:
    return bool(queue.get("members")) and len(queue.get("online") or ()) < min(wanted, 3)


def _ovn(schema: str) -> Answer:
    seen = ovn.status(schema)
    return {
        "status": seen.status,
        "leader": seen.leader,
        "members": sorted(at.split(":")[1] for at in seen.members.values()),
    }


def _has_address(access: Access) -> bool:
    links = json.loads(run("ip", "-j", "-4", "addr"))
    return any(it.get("local") == access.address for link in links for it in link["addr_info"])


def _down() -> list[str]:
    """Servers that this node's balancer holds for dead, `service/node`."""
    rows = csv.DictReader(_stats().lstrip("# ").splitlines())
    return sorted(
        f"{row['pxname']}/{row['svname']}"
        for row in rows
        if row["svname"] not in ("FRONTEND", "BACKEND") and row["status"].startswith("DOWN")
    )


def _stats() -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_STATS_S)
        connection.connect(layout.HAPROXY_SOCKET)
        connection.sendall(b"show stat\n")
        chunks = []
        while chunk := connection.recv(_CHUNK):
            chunks.append(chunk)
    return b"".join(chunks).decode()


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["all"]:
        print("usage: look all", file=sys.stderr)
        return 2
    return converse(dict, lambda _: look())


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

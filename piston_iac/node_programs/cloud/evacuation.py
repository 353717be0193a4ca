"""Which machines have to start elsewhere, because their node died? Pure.

A node counts as dead when two who know nothing of each other miss it: Ceph has all of its OSDs down, and its
nova-compute has not reported to Nova for a minute. A node that is only cut off looks the same; it has no way
to the cluster storage then, and whoever opens a disk there next takes its lock, which shuts the former out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
_MAY_MOVE = ("ACTIVE", "SHUTOFF", "ERROR")


def silent_hosts(tree: Row) -> set[str]:
    """Hosts of Ceph whose OSDs are all down, from `osd tree`. A host without OSDs is none of them."""
    by_id = {it["id"]: it for it in tree["nodes"]}
    found = set()
    for host in (it for it in tree["nodes"] if it["type"] == "host"):
        osds = [by_id[it] for it in host["children"] if it in by_id]
        if osds and all(it["status"] == "down" for it in osds):
            found.add(str(host["name"]))
    return found


def dead(silent: Iterable[str], services: Iterable[Row]) -> tuple[str, ...]:
    """Nodes that died, of those which Ceph misses.

    None when that would be half of the nodes that run machines, or more: then rather we see nothing.

    Args:
        services: Nova's records of nova-compute.
    """
    state = {str(it["host"]): str(it["state"]) for it in services}
    found = [host for host in sorted(silent) if state.get(host) == "down"]
    return tuple(found) if 2 * len(found) < len(state) else ()


def to_move(servers: Iterable[Row], disks: Collection[str]) -> list[Row]:
    """Of the machines of a dead node those that can start elsewhere with all their data.

    The others' disks are on that node's own mirror: Nova would start them anew, empty.

    Args:
        disks: names of all root disks in the cluster storage.
    """
    return [
        it
        for it in servers
        if it["status"] in _MAY_MOVE
        and not str(it["OS-EXT-STS:task_state"] or "").startswith("rebuild")
        # Without an image it was started from a volume, and Nova names disks by their machines.
        and (not it["image"] or f"{it['id']}_disk" in disks)
    ]

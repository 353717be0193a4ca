"""Where virtual machines have their root disks: what becomes of them when their node dies, and which stay
behind when the site puts them elsewhere. Pure.
"""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import OK, Answer, Call
from piston_iac.site.schema import RootDisks

LOOK = Call("GET", "/v2.1/servers/detail?all_tenants=1", port=layout.NOVA_PORT)
"""All machines of all projects."""
_HEAD = "if a node died now: its virtual machines"
_ELSEWHERE = "start on other nodes within three minutes"
_NAMED = 3


def if_a_node_died(root_disks: RootDisks) -> str:
    """One line for the operator."""
    if root_disks is RootDisks.CEPH:
        return f"{_HEAD} {_ELSEWHERE}; their disks are in the cluster storage"
    return (
        f"{_HEAD} are LOST, for their root disks are on the node (rootDisks: local); "
        f"those that were booted from a volume {_ELSEWHERE}"
    )


def left_behind(before: RootDisks, answer: Answer) -> str:
    """Why root disks cannot be elsewhere from now on; empty when they can.

    Nova looks for a machine's disk where new ones are made, so those that were made before would not start
    again. One without an image was started from a volume, and does not care.

    Args:
        before: where they are now. answer: to `LOOK`.
    """
    if answer.code != OK:
        return f"Nova does not tell which machines there are ({answer.reason()}): ask again when it works"
    ids = [str(it["id"]) for it in answer.body["servers"] if it["image"]]
    if not ids:
        return ""
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    where = "on their nodes" if before is RootDisks.LOCAL else "in the cluster storage"
    return (
        f"{len(ids)} virtual machine(s) have their root disks {where} and would not start again: "
        f"{', '.join(ids[:_NAMED])}{more}. Keep rootDisks: {before.value} as long as they are there"
    )

"""What becomes of virtual machines when their node dies? Pure."""

from __future__ import annotations

from piston_iac.site.schema import RootDisks

_HEAD = "if a node died now: its virtual machines"
_ELSEWHERE = "start on other nodes within three minutes"


def if_a_node_died(root_disks: RootDisks) -> str:
    """One line for the operator."""
    if root_disks is RootDisks.CEPH:
        return f"{_HEAD} {_ELSEWHERE}; their disks are in the cluster storage"
    return (
        f"{_HEAD} are LOST, for their root disks are on the node (rootDisks: local); "
        f"those that were booted from a volume {_ELSEWHERE}"
    )

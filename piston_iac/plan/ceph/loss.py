"""What would be left if one more node died now? Pure: from one look at the cluster.

Nodes whose death would mean the same are told in one line. Sizes in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from piston_iac.plan.ceph.nodes import Reports, usable
from piston_iac.plan.ceph.seen import Cluster
from piston_iac.site.rules_ceph import COPIES

_GIB = 1024**3
# Ceph refuses writes from here on (mon_osd_full_ratio).
_FULL = 0.95


@dataclass(frozen=True)
class Loss:
    """What one node's death would leave.

    `mons`: of how many, `quorum` whether they are enough. `hosts`: that hold data then. `room_bytes`: raw.
    `whole`: every object has all its copies now, so that one may go.
    """

    mons: tuple[int, int]
    quorum: bool
    hosts: int
    room_bytes: int
    total_bytes: int
    used_bytes: int
    whole: bool

    def verdict(self) -> str:
        """The first thing that one wants to know."""
        if not self.quorum:
            return "STORAGE STOPS: the mons lose their majority"
        if not self.whole:
            return "STORAGE MAY STOP: some data has not all its copies now"
        if self.hosts < COPIES:
            return f"storage goes on with {COPIES - 1} copies; there is no third place for another"
        if self.used_bytes > self.room_bytes * _FULL:
            return "storage goes on, but the rest has no room for all copies"
        return "storage goes on, and all copies are made again"

    def text(self, nodes: Iterable[str]) -> str:
        """One line for the operator."""
        mons, of_mons = self.mons
        room = f"{self.room_bytes / _GIB:.1f} of {self.total_bytes / _GIB:.1f} GiB raw"
        return (
            f"if {' or '.join(nodes)} died now: {self.verdict()} "
            f"(mons {mons} of {of_mons}, {self.hosts} nodes with data, {room}, "
            f"{self.used_bytes / _GIB:.1f} used)"
        )


def losses(cluster: Cluster | None, reports: Reports) -> list[str]:
    """One line for all nodes whose death would mean the same.

    Args:
        cluster: None while no quorum of mons answers.
    """
    if cluster is None:
        return ["if a node died now: the cluster storage gives no answer as it is"]
    by_loss: dict[Loss, list[str]] = {}
    for node, report in reports.items():
        if usable(report):
            by_loss.setdefault(_loss(cluster, node), []).append(node)
    away = [node for node, report in reports.items() if not usable(report)]
    lines = [loss.text(nodes) for loss, nodes in by_loss.items()]
    return [f"{', '.join(away)} away already", *lines] if away else lines


def _loss(cluster: Cluster, node: str) -> Loss:
    mons = [name for name in cluster.quorum if name != node]
    left = [osd for osd in cluster.osds.values() if osd.up and osd.is_in and osd.host != node]
    return Loss(
        mons=(len(mons), len(cluster.mons)),
        quorum=len(mons) > len(cluster.mons) // 2,
        hosts=len({osd.host for osd in left}),
        room_bytes=sum(osd.size_bytes for osd in left),
        total_bytes=cluster.capacity.total_bytes,
        used_bytes=cluster.capacity.used_bytes,
        whole=cluster.settled(),
    )

"""Which settings of the cluster storage contradict each other, or what the rack has? Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from piston_iac.site.faults import Problem
from piston_iac.site.schema import Ceph, Node, PoolName

COPIES = 3
# Ceph's own limit (mon_max_pg_per_osd): beyond it, it makes no pool.
_MOST_PGS_PER_OSD = 250


def enough_mon_hosts(ceph: Ceph, node_names: Collection[str]) -> Iterator[Problem]:
    """Each mon runs on a node of its own."""
    if ceph.mons and 0 < len(node_names) < ceph.mons:
        cause = f"is {ceph.mons}, and the site has {len(node_names)} nodes"
        yield Problem(("ceph", "mons"), cause, "leave it out, or declare more nodes")


def not_too_many_pgs(ceph: Ceph, nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Placement groups cost memory and time on every OSD."""
    osds = sum(len(node.disks.osd) for node in nodes.values())
    wanted = sum(ceph.pools.get(name).pg_num for name in PoolName) * COPIES
    if osds and wanted > osds * _MOST_PGS_PER_OSD:
        cause = f"ask for {wanted // osds} placement groups per OSD, and {_MOST_PGS_PER_OSD} is Ceph's limit"
        yield Problem(("ceph", "pools"), cause, "halve the pgNum of the largest pools")


RULES: tuple[Callable[..., Iterable[Problem]], ...] = (enough_mon_hosts, not_too_many_pgs)

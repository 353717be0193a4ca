"""Which settings of the cluster storage contradict each other, or what the rack has? Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from piston_iac.site.faults import Problem
from piston_iac.site.schema import Ceph, Node, PoolName

COPIES = 3
# Ceph's own limit (mon_max_pg_per_osd): beyond it, it makes no pool.
_MOST_PGS_PER_OSD = 250


def every_node_stores(infrastructure_hosts: Collection[str], nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Every node is a part of the cluster storage; infrastructure hosts need not be."""
    for name, node in nodes.items():
        if not node.disks.osd and name not in infrastructure_hosts:
            fix = "list the serial of at least one disk for Ceph"
            yield Problem(("nodes", name, "disks", "osd"), "has no disk", fix)


def enough_storage_nodes(
    infrastructure_hosts: Collection[str], node_names: Collection[str], nodes: Mapping[str, Node]
) -> Iterator[Problem]:
    """Copies and mons each need nodes of their own; infrastructure hosts without disks are none of them."""
    storing = _storing(infrastructure_hosts, node_names, nodes)
    if len(storing) < COPIES <= len(node_names):
        cause = f"leaves {len(storing)} nodes to Ceph, and the copies of every object need {COPIES}"
        yield Problem(
            ("controlPlane", "infrastructureHosts"), cause, "declare more nodes with disks for Ceph"
        )


def enough_mon_hosts(
    ceph: Ceph, infrastructure_hosts: Collection[str], node_names: Collection[str], nodes: Mapping[str, Node]
) -> Iterator[Problem]:
    """Each mon runs on a node of its own."""
    storing = _storing(infrastructure_hosts, node_names, nodes)
    if ceph.mons and 0 < len(storing) < ceph.mons:
        cause = f"is {ceph.mons}, and the site has {len(storing)} nodes for Ceph"
        yield Problem(("ceph", "mons"), cause, "leave it out, or declare more nodes")


def _storing(
    infrastructure_hosts: Collection[str], node_names: Collection[str], nodes: Mapping[str, Node]
) -> list[str]:
    """The nodes that are part of the storage, as far as it is known: some may be unsound."""
    bare = [it for it in infrastructure_hosts if it in nodes and not nodes[it].disks.osd]
    return [name for name in node_names if name not in bare]


def not_too_many_pgs(ceph: Ceph, nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Placement groups cost memory and time on every OSD."""
    osds = sum(len(node.disks.osd) for node in nodes.values())
    wanted = sum(ceph.pools.get(name).pg_num for name in PoolName) * COPIES
    if osds and wanted > osds * _MOST_PGS_PER_OSD:
        cause = f"ask for {wanted // osds} placement groups per OSD, and {_MOST_PGS_PER_OSD} is Ceph's limit"
        yield Problem(("ceph", "pools"), cause, "halve the pgNum of the largest pools")


RULES: tuple[Callable[..., Iterable[Problem]], ...] = (
    every_node_stores,
    enough_storage_nodes,
    enough_mon_hosts,
    not_too_many_pgs,
)

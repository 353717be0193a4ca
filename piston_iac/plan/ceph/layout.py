"""Which node hosts which part of the cluster storage? Pure: follows from the site alone.

Growth must not move what is there: hosts are chosen by failure domain first, then by node number, so that
a node with a higher number in a known failure domain changes nothing.
"""

from __future__ import annotations

import uuid

from piston_iac import ceph_layout
from piston_iac.site.addresses import node_address
from piston_iac.site.rules_ceph import COPIES
from piston_iac.site.schema import DeviceClass, NetworkName, Pool, Site

MIN_COPIES = 2
_MGRS = 2
_DEFAULT_MONS, _MANY_MONS = 3, 5


def nodes_by_number(site: Site) -> list[str]:
    """All nodes, in the order of their numbers."""
    return sorted(site.nodes, key=lambda node: site.nodes[node].number)


def storage_nodes(site: Site) -> list[str]:
    """The nodes that are part of the storage, in the order of their numbers: all but infrastructure hosts
    without disks for it."""
    return [node for node in nodes_by_number(site) if site.nodes[node].disks.osd]


def failure_domains(site: Site) -> list[str]:
    """The failure domains of the storage, each once."""
    return sorted({site.nodes[node].failure_domain for node in storage_nodes(site)})


def mon_hosts(site: Site) -> tuple[str, ...]:
    """The nodes that run a mon: an odd number, spread over failure domains, in the order of their numbers."""
    domains = failure_domains(site)
    many = len(domains) >= _MANY_MONS
    wanted = site.ceph.mons or (_MANY_MONS if many else _DEFAULT_MONS)
    chosen: list[str] = []
    used: set[str] = set()
    ordered = storage_nodes(site)
    for node in ordered:
        if site.nodes[node].failure_domain not in used and len(chosen) < wanted:
            chosen.append(node)
            used.add(site.nodes[node].failure_domain)
    chosen += [node for node in ordered if node not in chosen][: wanted - len(chosen)]
    return tuple(node for node in ordered if node in chosen)


def mgr_hosts(site: Site) -> tuple[str, ...]:
    """The nodes that run a mgr: one active, one in standby. The last mon hosts, so that the crash of one
    node seldom takes mon leader (the first) and active mgr together."""
    return mon_hosts(site)[-_MGRS:]


def mon_address(site: Site, node: str) -> str:
    """A mon's address: on the service network, which is Ceph's public one."""
    return str(node_address(site, node, NetworkName.SERVICE))


def mon_addresses(site: Site) -> str:
    """All mons, as ceph.conf names them."""
    return ",".join(f"[v2:{mon_address(site, host)}:{ceph_layout.MON_PORT}]" for host in mon_hosts(site))


def osd_hosts(site: Site) -> dict[str, str]:
    """Node by serial of each OSD disk."""
    return {serial: node for node in nodes_by_number(site) for serial in site.nodes[node].disks.osd}


def spread_over(site: Site) -> str:
    """What no two copies of an object share: the node, or its rack where three or more are declared."""
    return "rack" if len(failure_domains(site)) >= COPIES else "host"


def crush_location(site: Site, node: str) -> str:
    """Where a node's OSDs are in the CRUSH map, as ceph.conf says it."""
    rack = f"rack={site.nodes[node].failure_domain} " if spread_over(site) == "rack" else ""
    return f"root=default {rack}host={node}"


def rule_name(site: Site, pool: Pool) -> str:
    """The CRUSH rule of a pool: what is spread over, and on which disks."""
    suffix = "" if pool.device_class is DeviceClass.ANY else f"-{pool.device_class.value}"
    return f"piston-{spread_over(site)}{suffix}"


def osd_uuid(fsid: str, serial: str) -> str:
    """The uuid of the OSD on a disk: known before it is made, so an attempt that was cut short goes on."""
    return str(uuid.uuid5(uuid.UUID(fsid), serial))

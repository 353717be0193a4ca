"""Which nodes host the control plane, and where is it reached? Pure: follows from the site alone."""

from __future__ import annotations

from netaddr import IPAddress

from piston_iac.plan.ceph.layout import failure_domains, nodes_by_number, storage_nodes
from piston_iac.site.addresses import api_address, node_address
from piston_iac.site.rules_control_plane import CONTROL_HOSTS
from piston_iac.site.schema import ControlPlane, NetworkName, Site


def control_hosts(site: Site) -> tuple[str, ...]:
    """The nodes that run it, in the order of their numbers; over different failure domains where it can be.

    Empty for a site without one.

    Growth must not move what is there: a node with a higher number changes nothing.
    """
    if site.control_plane is None:
        return ()
    if site.control_plane.hosts:
        return tuple(node for node in nodes_by_number(site) if node in site.control_plane.hosts)
    ordered = storage_nodes(site)
    chosen: list[str] = []
    for domain in failure_domains(site):
        chosen += [node for node in ordered if site.nodes[node].failure_domain == domain][:1]
    chosen = [node for node in ordered if node in chosen][:CONTROL_HOSTS]
    chosen += [node for node in ordered if node not in chosen][: CONTROL_HOSTS - len(chosen)]
    return tuple(node for node in ordered if node in chosen)


def members(site: Site) -> dict[str, str]:
    """Address in the service network by control host."""
    return {node: str(node_address(site, node, NetworkName.SERVICE)) for node in control_hosts(site)}


def compute_hosts(site: Site) -> tuple[str, ...]:
    """The nodes that run machines and carry networks: all but infrastructure hosts without disks for Ceph."""
    return tuple(storage_nodes(site)) if site.cloud else ()


def ovn_hosts(site: Site) -> tuple[str, ...]:
    """The nodes that hold OVN's databases: the infrastructure hosts, else the control hosts."""
    named = site.control_plane.infrastructure_hosts if site.control_plane else ()
    return tuple(node for node in nodes_by_number(site) if node in named) or control_hosts(site)


def ovn_members(site: Site) -> dict[str, str]:
    """Address in the service network by each of them."""
    return {node: str(node_address(site, node, NetworkName.SERVICE)) for node in ovn_hosts(site)}


def virtual_address(site: Site) -> IPAddress:
    """The address of all APIs."""
    return api_address(site.networks.service, declared(site))


def declared(site: Site) -> ControlPlane:
    """The section of the stack file; only asked where there is one."""
    if site.control_plane is None:
        raise ValueError(f"site {site.name} has no control plane")
    return site.control_plane

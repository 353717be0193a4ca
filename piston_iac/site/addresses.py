"""Which address has what? Every address of a site follows from its stack file.

Pure. A node's address in each network is the network's base + 10 + the node's number.
"""

from __future__ import annotations

from netaddr import IPAddress

from piston_iac.site.schema import ControlPlane, Network, NetworkName, Site

_FIRST_NODE = 10


def planned_address(network: Network, number: int) -> IPAddress:
    """The address that node `number` gets in the network. `rules` sees to it that it lies inside."""
    return network.cidr.network + _FIRST_NODE + number


def node_address(site: Site, node: str, network: NetworkName) -> IPAddress:
    """The node's address in one network. KeyError when the site has no such node."""
    return planned_address(site.networks.get(network), site.nodes[node].number)


def node_cidr(site: Site, node: str, network: NetworkName) -> str:
    """The node's address with the network's prefix length, such as `10.30.20.11/24`."""
    return f"{node_address(site, node, network)}/{site.networks.get(network).cidr.prefixlen}"


def api_address(service: Network, control_plane: ControlPlane) -> IPAddress:
    """The virtual address of all APIs: as declared, or the one below the first node's."""
    return control_plane.address or planned_address(service, 0)


def svi_cidr(site: Site, network: NetworkName) -> str:
    """The data switch's own address in a network (its SVI) as CIDR, empty where it has none."""
    declared = site.networks.get(network)
    return f"{declared.gateway}/{declared.cidr.prefixlen}" if declared.gateway else ""


def uplink_cidr(site: Site) -> str:
    """The data switch's address in the transit VLAN, with its prefix length."""
    uplink = site.switches.data.uplink
    return f"{uplink.address}/{uplink.cidr.prefixlen}"


def ovsdb_host(address: str) -> IPAddress:
    """The IPv4 address in an OVSDB address such as `tcp:10.30.10.2:6640`."""
    return IPAddress(address.split(":")[1])

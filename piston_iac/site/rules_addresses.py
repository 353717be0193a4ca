"""Do all machines find a place? Planned and declared addresses in their networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netaddr import IPAddress

from piston_iac.site.addresses import ovsdb_host, planned_address
from piston_iac.site.claims import Claim, repeated
from piston_iac.site.faults import Problem, Where
from piston_iac.site.rules_networks import Networks, host_problem
from piston_iac.site.schema import BootNode, NetworkName, Node, Switches

Nodes = Mapping[str, Node]


def _declared(switches: Switches, boot_node: BootNode, nodes: Nodes) -> Iterator[tuple[Where, IPAddress]]:
    """Addresses on the management network that the stack file names itself."""
    yield ("switches", "management", "address"), ovsdb_host(switches.management.address)
    yield ("switches", "data", "address"), ovsdb_host(switches.data.address)
    yield ("bootNode", "address"), boot_node.address
    for name, node in nodes.items():
        yield ("nodes", name, "bmc", "address"), node.bmc.address


def declared_addresses_fit(
    networks: Networks, switches: Switches, boot_node: BootNode, nodes: Nodes
) -> Iterator[Problem]:
    """Switches, boot node and BMCs are reached on the management network."""
    management = networks.get(NetworkName.MANAGEMENT)
    if management is None:
        return
    for path, address in _declared(switches, boot_node, nodes):
        cause = host_problem(address, management.cidr)
        if cause:
            yield Problem(path, cause, "take an address of the management network")


def declared_addresses_differ(switches: Switches, boot_node: BootNode, nodes: Nodes) -> Iterator[Problem]:
    """Switches, boot node and BMCs each have an address of their own."""
    claims = [Claim(path, address) for path, address in _declared(switches, boot_node, nodes)]
    yield from repeated(claims, "give each device an address of its own")


def planned_addresses_fit(networks: Networks, nodes: Nodes) -> Iterator[Problem]:
    """A node's number gives it a usable address in every network."""
    for name, node in nodes.items():
        for network_name, network in networks.items():
            address = planned_address(network, node.number)
            cause = host_problem(address, network.cidr)
            if cause:
                text = f"gives an address in {network_name} that {cause}"
                yield Problem(("nodes", name, "number"), text, "take a lower number or a larger network")


def planned_addresses_free(
    networks: Networks, switches: Switches, boot_node: BootNode, nodes: Nodes
) -> Iterator[Problem]:
    """A node's address is no gateway, no floating IP and no declared device's address."""
    devices = {address: path for path, address in reversed([*_declared(switches, boot_node, nodes)])}
    for name, node in nodes.items():
        for network_name, network in networks.items():
            address = planned_address(network, node.number)
            owner = ""
            if address == network.gateway:
                owner = "the gateway"
            elif network.floating and address in network.floating:
                owner = f"in the floating range {network.floating}"
            elif network_name is NetworkName.MANAGEMENT and address in devices:
                owner = ".".join(str(part) for part in devices[address])
            if owner:
                cause = f"gives the address {address} in {network_name}, which is {owner}"
                yield Problem(("nodes", name, "number"), cause, "take another number or move the other")


RULES = (
    declared_addresses_fit,
    declared_addresses_differ,
    planned_addresses_fit,
    planned_addresses_free,
)

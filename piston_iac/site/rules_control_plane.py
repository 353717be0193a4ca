"""Does the control plane find its hosts and its address? Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from piston_iac.site.addresses import api_address, planned_address
from piston_iac.site.claims import Claim, repeated
from piston_iac.site.faults import Problem
from piston_iac.site.rules_networks import Networks, host_problem
from piston_iac.site.schema import ControlPlane, NetworkName, Node

CONTROL_HOSTS = 3
"""A majority of them outlives the loss of one."""


def three_hosts(control_plane: ControlPlane, node_names: Collection[str]) -> Iterator[Problem]:
    """Database and queues each need a majority of their members."""
    fix = f"name {CONTROL_HOSTS}, or leave it out"
    yield from _voters("hosts", control_plane.hosts, (CONTROL_HOSTS,), fix, node_names)


def infrastructure_hosts_vote(control_plane: ControlPlane, node_names: Collection[str]) -> Iterator[Problem]:
    """OVN's databases need a majority of their members; one alone is its own."""
    hosts, fix = control_plane.infrastructure_hosts, f"name {CONTROL_HOSTS}, or 1, or leave it out"
    yield from _voters("infrastructureHosts", hosts, (1, CONTROL_HOSTS), fix, node_names)


def _voters(
    name: str, hosts: Sequence[str], counts: Collection[int], fix: str, node_names: Collection[str]
) -> Iterator[Problem]:
    """A list of hosts that was given: of how many, each a node, each once."""
    where = ("controlPlane", name)
    if hosts and len(hosts) not in counts:
        yield Problem(where, f"names {len(hosts)} nodes", fix)
    for index, host in enumerate(hosts):
        if host not in node_names:
            yield Problem((*where, index), f"names {host}, which is no node", "name nodes of this site")
    claims = [Claim((*where, index), host) for index, host in enumerate(hosts)]
    yield from repeated(claims, "name each node once")


def address_is_free(
    control_plane: ControlPlane, networks: Networks, nodes: Mapping[str, Node]
) -> Iterator[Problem]:
    """The APIs have an address of their own in the service network."""
    service = networks.get(NetworkName.SERVICE)
    if service is None:
        return
    address = api_address(service, control_plane)
    where = ("controlPlane", "address") if control_plane.address else ("controlPlane",)
    fix = "set controlPlane.address to a free address of the service network"
    cause = host_problem(address, service.cidr)
    if not cause and address == service.gateway:
        cause = f"is {address}, the gateway of the service network"
    taken = {planned_address(service, node.number): name for name, node in nodes.items()}
    if not cause and address in taken:
        cause = f"is {address}, the address of {taken[address]}"
    if cause:
        yield Problem(where, cause if control_plane.address else f"has an address that {cause}", fix)


RULES: tuple[Callable[..., Iterable[Problem]], ...] = (
    three_hosts,
    infrastructure_hosts_vote,
    address_is_free,
)

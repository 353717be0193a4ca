"""Do the networks fit together: VLANs, address ranges, gateways, the uplink and its routes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netaddr import IPAddress, IPNetwork

from piston_iac.site.claims import Claim, repeated
from piston_iac.site.faults import Problem, Where, path_text
from piston_iac.site.schema import DATA_NETWORKS, Network, NetworkName, Switches

Networks = Mapping[NetworkName, Network]
"""The sound networks of a site; rules run on what there is."""

_UPLINK: Where = ("switches", "data", "uplink")


def _each(networks: Networks) -> Iterator[tuple[Where, Network]]:
    return ((("networks", name.value), network) for name, network in networks.items())


def host_problem(address: IPAddress, network: IPNetwork) -> str:
    """Why a machine cannot have the address in the network; empty when it can.

    A /31 has two hosts and a /32 one (RFC 3021); others lose their first and last address.
    """
    if address not in network:
        return f"is {address}, outside {network}"
    if network.prefixlen < 31 and address == network.network:
        return f"is {address}, the base address of {network}"
    if network.prefixlen < 31 and address == network.broadcast:
        return f"is {address}, the broadcast address of {network}"
    return ""


def vlans_differ(networks: Networks, switches: Switches) -> Iterator[Problem]:
    """Each logical network and the transit network have a VLAN of their own."""
    claims = [Claim((*path, "vid"), network.vid) for path, network in _each(networks)]
    claims.append(Claim((*_UPLINK, "vid"), switches.data.uplink.vid))
    yield from repeated(claims, "give each network a VLAN id of its own")


def networks_apart(networks: Networks, switches: Switches) -> Iterator[Problem]:
    """No address belongs to two networks."""
    seen: list[tuple[Where, IPNetwork]] = []
    ranges = [((*path, "cidr"), network.cidr) for path, network in _each(networks)]
    for path, cidr in [*ranges, ((*_UPLINK, "cidr"), switches.data.uplink.cidr)]:
        for other, taken in seen:
            if cidr.first <= taken.last and taken.first <= cidr.last:
                cause = f"is {cidr}, which overlaps {path_text(other)} ({taken})"
                yield Problem(path, cause, "give each network addresses of its own")
                break
        seen.append((path, cidr))


def gateways_fit(networks: Networks) -> Iterator[Problem]:
    """A gateway is a usable address of its network."""
    for path, network in _each(networks):
        cause = host_problem(network.gateway, network.cidr) if network.gateway else ""
        if cause:
            yield Problem(
                (*path, "gateway"), cause, f"take an address inside {network.cidr}, such as its first"
            )


def gateways_are_where_needed(networks: Networks) -> Iterator[Problem]:
    """Management is closed; floating IPs must find their way out."""
    management, public = networks.get(NetworkName.MANAGEMENT), networks.get(NetworkName.PUBLIC)
    if management and management.gateway:
        path: Where = ("networks", "management", "gateway")
        yield Problem(path, "is set, and management has no way out", "remove it")
    if public and not public.gateway:
        fix = "add the data switch's address in the public network"
        yield Problem(("networks", "public", "gateway"), "is missing: floating IPs need a way out", fix)


def floating_is_public(networks: Networks) -> Iterator[Problem]:
    """Floating IPs live in the public network, clear of its gateway and of base and broadcast."""
    for path, network in _each(networks):
        floating = network.floating
        if floating is None:
            continue
        here: Where = (*path, "floating")
        if path[-1] != NetworkName.PUBLIC.value:
            yield Problem(here, "is set, and only public has floating IPs", "remove it")
            continue
        for edge in dict.fromkeys((IPAddress(floating.first), IPAddress(floating.last))):
            cause = host_problem(edge, network.cidr)
            if cause:
                yield Problem(here, f"has an end that {cause}", f"keep the range inside {network.cidr}")
        if network.gateway and network.gateway in floating:
            yield Problem(here, f"contains the gateway {network.gateway}", "begin it after the gateway")


def uplink_fits(switches: Switches) -> Iterator[Problem]:
    """Our address toward the core network is a usable one of the transit network."""
    uplink = switches.data.uplink
    cause = host_problem(uplink.address, uplink.cidr)
    if cause:
        yield Problem((*_UPLINK, "address"), cause, f"take the switch's own address inside {uplink.cidr}")


def routes_lead_somewhere(networks: Networks, switches: Switches) -> Iterator[Problem]:
    """A next hop is a neighbour: in a network that the data switch is connected to, and not itself."""
    uplink = switches.data.uplink
    connected = [uplink.cidr]
    own = {uplink.address}
    for name in DATA_NETWORKS:
        network = networks.get(name)
        if network and network.gateway:
            connected.append(network.cidr)
            own.add(network.gateway)
    for index, route in enumerate(switches.data.routes):
        here: Where = ("switches", "data", "routes", index, "nextHop")
        fix = f"name a router in a connected network, such as the core network's in {uplink.cidr}"
        home = next((cidr for cidr in connected if route.next_hop in cidr), None)
        if home is None:
            yield Problem(here, f"is {route.next_hop}, which the data switch has no connection to", fix)
        elif route.next_hop in own:
            yield Problem(here, f"is {route.next_hop}, the data switch itself", fix)
        elif cause := host_problem(route.next_hop, home):
            yield Problem(here, cause, fix)


def routes_differ(networks: Networks, switches: Switches) -> Iterator[Problem]:
    """One route for a destination, and none for what the switch is connected to."""
    connected = [Claim((*path, "cidr"), network.cidr) for path, network in _each(networks)]
    connected.append(Claim((*_UPLINK, "cidr"), switches.data.uplink.cidr))
    routes = [
        Claim(("switches", "data", "routes", index, "destination"), route.destination)
        for index, route in enumerate(switches.data.routes)
    ]
    for problem in repeated([*connected, *routes], "keep one route for each destination"):
        if problem.path[-1] == "destination":  # two networks with one range: networks_apart says it
            yield problem


RULES = (
    vlans_differ,
    networks_apart,
    gateways_fit,
    gateways_are_where_needed,
    floating_is_public,
    uplink_fits,
    routes_lead_somewhere,
    routes_differ,
)

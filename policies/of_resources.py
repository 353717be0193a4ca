"""From the engine's resources to the plain values that the rules judge.

Numbers of the engine are floats. Secret properties come in clear: the engine opens them for policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from netaddr import IPNetwork

from piston_iac.policies.values import BmcAccounts, LocalDisks, Pool, Served, Storage, StorageHost, Subnet
from piston_iac.trust.secret import Secret

Props = Mapping[str, Any]

_GIB = 1024**3
_NTP, _DNS = "chrony.service", "piston-dnsmasq.service"


@dataclass(frozen=True)
class Resource:
    """One of our resources: its kind, such as `CephPool`, its name in the program, its properties."""

    kind: str
    name: str
    props: Props


def local_disks(node: Props) -> LocalDisks:
    """Of a BareMetalNode."""
    return LocalDisks(node["node"], node["mirror"]["profile"], len(node["mirror"]["disks"]))


def accounts(credential: Props) -> BmcAccounts:
    """Of an IpmiCredential."""
    return BmcAccounts(
        node=credential["node"],
        user=credential["user"],
        break_glass_user=credential["breakGlassUser"],
        factory_disabled=credential["factoryLogin"] == "disabled",
        password=Secret(credential["password"]),
        break_glass_password=Secret(credential["breakGlassPassword"]),
        factory_password=Secret(credential["factoryPassword"]),
    )


def served(boot_node: Props) -> Served:
    """Of a BootNode."""
    services = boot_node["services"]
    return Served(ntp=services.get(_NTP) == "active", dns=services.get(_DNS) == "active")


def pool(pool: Props) -> Pool:
    """Of a CephPool."""
    return Pool(
        name=pool["pool"],
        copies=int(pool["size"]),
        min_copies=int(pool["minSize"]),
        spread_over=pool["rule"]["spreadOver"],
        device_class=pool["rule"]["deviceClass"],
        quota_bytes=int(pool["quotaBytes"]),
    )


def mons(cluster: Props) -> list[str]:
    """The nodes of a CephCluster that are to run a mon."""
    return sorted(cluster["monAddresses"])


def _of_kind(resources: Iterable[Resource], kind: str) -> Iterator[Resource]:
    return (resource for resource in resources if resource.kind == kind)


def pools(resources: Iterable[Resource]) -> list[Pool]:
    """Of all CephPools."""
    return [pool(resource.props) for resource in _of_kind(resources, "CephPool")]


def nodes(resources: Iterable[Resource]) -> list[str]:
    """The names of all BareMetalNodes."""
    return [resource.name for resource in _of_kind(resources, "BareMetalNode")]


def subnets(resources: list[Resource]) -> list[Subnet]:
    """Of all SwitchVlans. The management network has no gateway: the BootNode knows its addresses."""
    own = [resource.props["settings"]["cidr"] for resource in _of_kind(resources, "BootNode")]
    found = []
    for resource in _of_kind(resources, "SwitchVlan"):
        vlan = resource.props
        cidr = vlan["gateway"] or (own[0] if own and vlan["switch"] == "management" else "")
        found.append(Subnet(vlan["network"], int(vlan["vid"]), IPNetwork(cidr).cidr if cidr else None))
    return sorted(found, key=lambda subnet: (subnet.vid, subnet.name))


def storage(resources: list[Resource], domains: Mapping[str, str]) -> Storage:
    """Of the CephCluster and the CephPools.

    The capacity is known where the cluster needs no change: a plan that repairs it is not judged by room
    that is missing while a node is away.

    Args:
        resources: all of ours.
        domains: failure domain by node. No resource carries it.
    """
    hosts: list[StorageHost] = []
    capacity = 0.0
    for cluster in _of_kind(resources, "CephCluster"):
        placed = [*cluster.props["osdHosts"].values()]
        hosts += [StorageHost(node, domains.get(node, ""), placed.count(node)) for node in sorted({*placed})]
        capacity += float(cluster.props.get("capacityGib") or 0)
    return Storage(tuple(hosts), tuple(pools(resources)), round(capacity * _GIB))

"""What the rules judge: small plain values that a site and the engine's resources can both make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netaddr import IPNetwork

from piston_iac.trust.derive import HoldsSecret

PRODUCTION = "production"


@dataclass(frozen=True)
class LocalDisks:
    """The local disks of a node: their RAID profile as btrfs and md call it, and how many there are."""

    node: str
    profile: str
    count: int


@dataclass(frozen=True)
class Pool:
    """A pool of the cluster storage.

    `copies` of each object, no two of them on one `spread_over` (host, rack, osd). Writes stop below
    `min_copies`. `device_class` is any, hdd, ssd or nvme. `quota_bytes` 0: none; it counts the data once.
    """

    name: str
    copies: int
    min_copies: int
    spread_over: str
    device_class: str
    quota_bytes: int


@dataclass(frozen=True)
class BmcAccounts:
    """Who may log in at a node's BMC. `factory_password` is what the BMC came with, None where sealed."""

    node: str
    user: str
    break_glass_user: str
    factory_disabled: bool
    password: HoldsSecret | None
    break_glass_password: HoldsSecret | None
    factory_password: HoldsSecret | None


@dataclass(frozen=True)
class Subnet:
    """A network of the site: its VLAN, and its addresses where they are known."""

    name: str
    vid: int
    cidr: IPNetwork | None


@dataclass(frozen=True)
class Served:
    """Does the boot node serve time and names to all others?"""

    ntp: bool
    dns: bool


@dataclass(frozen=True)
class StorageHost:
    """A node of the cluster storage: its failure domain and the number of its OSDs."""

    name: str
    failure_domain: str
    osds: int


@dataclass(frozen=True)
class Storage:
    """All of the cluster storage. `capacity_bytes` is raw, as the cluster tells it; 0 where it is unknown."""

    hosts: tuple[StorageHost, ...]
    pools: tuple[Pool, ...]
    capacity_bytes: int = 0

    def weights(self, spread_over: str) -> Mapping[str, int]:
        """OSDs by host or by failure domain, without those that have none."""
        found: dict[str, int] = {}
        for host in self.hosts:
            if host.osds:
                key = host.failure_domain if spread_over == "rack" else host.name
                found[key] = found.get(key, 0) + host.osds
        return found

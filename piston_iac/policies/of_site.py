"""The policies of a site that was read from its stack file: no engine, no device, no passphrase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from piston_iac.plan.ceph.layout import mon_hosts
from piston_iac.plan.ceph.wanted import wanted_pool
from piston_iac.policies.bmc import own_bmc_accounts
from piston_iac.policies.catalogue import POLICIES, Policy
from piston_iac.policies.ceph import flash_for_ceph, odd_mons, three_copies, two_copies_to_write
from piston_iac.policies.nodes import enough_nodes, mirrored_local_disks, separate_networks, time_and_names
from piston_iac.policies.spare import spare_capacity
from piston_iac.policies.values import BmcAccounts, LocalDisks, Pool, Served, Storage, StorageHost, Subnet
from piston_iac.site.schema import NetworkName, PoolName, Site


@dataclass(frozen=True)
class Violation:
    """What a site does not fulfil: the policy, and `<cause>; <fix>`."""

    policy: Policy
    text: str


def violations(site: Site) -> list[Violation]:
    """All that the site does not fulfil, policy by policy.

    Args:
        site: of a stack file. Its secrets are placeholders: passwords are left alone.
    """
    found = _by_policy(site)
    return [Violation(policy, text) for policy in POLICIES for text in found[policy.name]]


def left_to_the_engine(site: Site) -> Iterator[tuple[str, str]]:
    """Policies that need more than the stack file, with what they wait for."""
    yield "own-bmc-accounts", "passwords are sealed"
    if any(site.ceph.pools.get(name).quota_gib for name in PoolName):
        yield "spare-capacity", "quotas are compared with the capacity that the cluster tells"


def _by_policy(site: Site) -> dict[str, list[str]]:
    """Texts of violations by the policy's name; every policy is there."""
    pools = [_pool(site, name) for name in PoolName]
    accounts = [_accounts(site, node) for node in site.nodes]
    return {
        "enough-nodes": enough_nodes(site.environment, [*site.nodes]),
        "three-copies": [text for pool in pools for text in three_copies(pool)],
        "two-copies-to-write": [text for pool in pools for text in two_copies_to_write(pool)],
        "odd-mons": odd_mons(mon_hosts(site)),
        "mirrored-local-disks": [
            text for node in site.nodes for text in mirrored_local_disks(_local_disks(site, node))
        ],
        "flash-for-ceph": flash_for_ceph(site.environment, pools),
        "own-bmc-accounts": [
            text for index, one in enumerate(accounts) for text in own_bmc_accounts(one, accounts[:index])
        ],
        "separate-networks": separate_networks(_subnets(site)),
        "time-and-names": time_and_names(Served(ntp=bool(site.ntp), dns=bool(site.dns))),
        "spare-capacity": spare_capacity(site.environment, _storage(site, pools)),
    }


def _pool(site: Site, name: PoolName) -> Pool:
    wanted = wanted_pool(site, name)
    return Pool(
        name=wanted.name,
        copies=wanted.size,
        min_copies=wanted.min_size,
        spread_over=wanted.spread_over,
        device_class=wanted.device_class or "any",
        quota_bytes=wanted.quota_bytes,
    )


def _local_disks(site: Site, node: str) -> LocalDisks:
    profile = site.disk_layout.local_raid.rpartition("-")[2]
    return LocalDisks(node, profile, len(site.nodes[node].disks.local))


def _accounts(site: Site, node: str) -> BmcAccounts:
    return BmcAccounts(
        node=node,
        user=site.ipmi.user,
        break_glass_user=site.ipmi.break_glass_user,
        factory_disabled=True,  # no stack file can say otherwise: IpmiCredential always asks for it
        password=None,
        break_glass_password=None,
        factory_password=None,
    )


def _subnets(site: Site) -> list[Subnet]:
    networks = [(name.value, site.networks.get(name)) for name in NetworkName]
    uplink = site.switches.data.uplink
    declared = [Subnet(name, network.vid, network.cidr) for name, network in networks]
    return [*declared, Subnet("transit", uplink.vid, uplink.cidr)]


def _storage(site: Site, pools: list[Pool]) -> Storage:
    hosts = [StorageHost(name, node.failure_domain, len(node.disks.osd)) for name, node in site.nodes.items()]
    return Storage(tuple(hosts), tuple(pools))

"""Policies of nodes and networks, each with a good case and bad ones."""

from __future__ import annotations

import pytest
from netaddr import IPNetwork

from piston_iac.policies.nodes import enough_nodes, mirrored_local_disks, separate_networks, time_and_names
from piston_iac.policies.values import LocalDisks, Served, Subnet

FIVE = ["n1", "n2", "n3", "n4", "n5"]
HOST = Subnet("host", 30, IPNetwork("10.1.30.0/24"))
CLOUD = Subnet("cloud", 40, IPNetwork("10.1.40.0/24"))


@pytest.mark.parametrize(("environment", "nodes"), [("production", FIVE), ("lab", FIVE[:3])])
def test_enough_nodes(environment: str, nodes: list[str]) -> None:
    assert enough_nodes(environment, nodes) == []


def test_four_nodes_are_too_few_for_production() -> None:
    (violation,) = enough_nodes("production", FIVE[:4])
    assert violation.startswith("4 nodes are declared, production needs 5; add nodes")


@pytest.mark.parametrize("count", [4, 6])
def test_raid10_over_pairs(count: int) -> None:
    assert mirrored_local_disks(LocalDisks("n1", "raid10", count)) == []


@pytest.mark.parametrize(
    ("profile", "count", "told"),
    [
        ("raid1", 4, "the local disks of n1 become raid1, not RAID1+0; "),
        ("raid10", 3, "n1 has 3 local disks, RAID1+0 needs 4; "),
        ("raid10", 5, "n1 has 5 local disks, RAID1+0 needs pairs; "),
    ],
)
def test_local_disks_that_are_no_raid10(profile: str, count: int, told: str) -> None:
    (violation,) = mirrored_local_disks(LocalDisks("n1", profile, count))
    assert violation.startswith(told)


def test_networks_apart() -> None:
    assert separate_networks([HOST, CLOUD, Subnet("management", 10, None)]) == []


def test_a_vlan_of_two_networks() -> None:
    (violation,) = separate_networks([HOST, Subnet("cloud", 30, CLOUD.cidr)])
    assert violation.startswith("networks host and cloud are both VLAN 30; ")


@pytest.mark.parametrize("cidr", ["10.1.30.0/24", "10.1.30.128/25", "10.0.0.0/8"])
def test_addresses_of_two_networks(cidr: str) -> None:
    (violation,) = separate_networks([HOST, Subnet("cloud", 40, IPNetwork(cidr))])
    assert violation.startswith(f"networks host (10.1.30.0/24) and cloud ({cidr}) overlap; ")


def test_boot_node_serves_time_and_names() -> None:
    assert time_and_names(Served(ntp=True, dns=True)) == []


@pytest.mark.parametrize(("served", "what"), [(Served(False, True), "NTP"), (Served(True, False), "DNS")])
def test_boot_node_without_one_of_them(served: Served, what: str) -> None:
    (violation,) = time_and_names(served)
    assert violation.startswith(f"the boot node does not serve {what}; ")

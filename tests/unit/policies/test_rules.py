"""Each policy with a good site and a bad one."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rules import enough_nodes, mirrored_local_disks, own_bmc_accounts, time_and_names

FIVE = ["n1", "n2", "n3", "n4", "n5"]
DISKS = ["a", "b", "c", "d"]
CREDENTIAL = {
    "node": "n1",
    "user": "piston",
    "breakGlassUser": "piston-rescue",
    "factoryLogin": "disabled",
}
SERVICES = {"chrony.service": "active", "piston-dnsmasq.service": "active"}


def node(profile: str, disks: list[str]) -> dict[str, Any]:
    return {"node": "n1", "mirror": {"profile": profile, "disks": disks}}


@pytest.mark.parametrize(("environment", "nodes"), [("production", FIVE), ("lab", FIVE[:3])])
def test_enough_nodes(environment: str, nodes: list[str]) -> None:
    assert enough_nodes(environment, nodes) == []


def test_four_nodes_are_too_few_for_production() -> None:
    (violation,) = enough_nodes("production", FIVE[:4])
    assert violation.startswith("4 nodes are declared, production needs 5; add nodes")


def test_raid10_over_four_disks() -> None:
    assert mirrored_local_disks(node("raid10", DISKS)) == []


def test_raid1_is_no_raid10() -> None:
    (violation,) = mirrored_local_disks(node("raid1", DISKS))
    assert violation.startswith("the local disks of n1 become raid1, not RAID1+0; ")


def test_three_disks_are_too_few() -> None:
    (violation,) = mirrored_local_disks(node("raid10", DISKS[:3]))
    assert violation.startswith("n1 has 3 local disks, RAID1+0 needs 4; ")


def test_own_accounts() -> None:
    assert own_bmc_accounts(CREDENTIAL) == []


def test_factory_account_left_enabled() -> None:
    (violation,) = own_bmc_accounts({**CREDENTIAL, "factoryLogin": "enabled"})
    assert violation.startswith("the factory account of the BMC of n1 stays enabled; ")


@pytest.mark.parametrize("user", ["admin", "ADMIN", "root"])
@pytest.mark.parametrize("setting", ["user", "breakGlassUser"])
def test_a_user_that_everybody_tries(setting: str, user: str) -> None:
    (violation,) = own_bmc_accounts({**CREDENTIAL, setting: user})
    assert f"gets a user {user}, " in violation
    assert f"`{setting}`" in violation


def test_boot_node_serves_time_and_names() -> None:
    assert time_and_names({"services": SERVICES}) == []


@pytest.mark.parametrize(("unit", "what"), [("chrony.service", "NTP"), ("piston-dnsmasq.service", "DNS")])
def test_boot_node_without_one_of_them(unit: str, what: str) -> None:
    services = {name: state for name, state in SERVICES.items() if name != unit}
    (violation,) = time_and_names({"services": services})
    assert violation.startswith(f"the boot node does not serve {what}; ")

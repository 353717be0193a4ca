"""The planned addresses of the lab, as its devices expect them."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.site.addresses import node_address, node_cidr, ovsdb_host, svi_cidr, uplink_cidr
from piston_iac.site.load import load_file
from piston_iac.site.schema import NetworkName

LAB = load_file(Path(__file__).parents[3] / "stacks" / "Pulumi.lab.yaml")
VLANS = {"management": 10, "service": 20, "host": 30, "cloud": 40, "public": 50}


@pytest.mark.parametrize("network", NetworkName)
def test_nodes_are_at_11_to_15_of_each_network(network: NetworkName) -> None:
    vid = VLANS[network]
    assert LAB.networks.get(network).vid == vid
    for number in range(1, 6):
        assert str(node_address(LAB, f"n{number}", network)) == f"10.30.{vid}.{10 + number}"
        assert node_cidr(LAB, f"n{number}", network) == f"10.30.{vid}.{10 + number}/24"


def test_the_data_switch_is_the_gateway_of_all_but_management() -> None:
    assert {name: svi_cidr(LAB, name) for name in NetworkName} == {
        NetworkName.MANAGEMENT: "",
        NetworkName.SERVICE: "10.30.20.1/24",
        NetworkName.HOST: "10.30.30.1/24",
        NetworkName.CLOUD: "10.30.40.1/24",
        NetworkName.PUBLIC: "10.30.50.1/24",
    }


def test_the_way_to_the_core_network() -> None:
    data = LAB.switches.data
    assert (data.uplink.port, data.uplink.vid, uplink_cidr(LAB)) == ("core", 4, "10.30.0.2/30")
    assert [(str(route.destination), str(route.next_hop)) for route in data.routes] == [
        ("0.0.0.0/0", "10.30.0.1")
    ]


def test_devices_on_the_management_network() -> None:
    assert str(ovsdb_host(LAB.switches.data.address)) == "10.30.10.2"
    assert str(ovsdb_host(LAB.switches.management.address)) == "10.30.10.3"
    assert (str(LAB.boot_node.address), LAB.boot_node.mac, LAB.boot_node.port) == (
        "10.30.10.5",
        "52:54:00:0a:00:fe",
        "boot",
    )


@pytest.mark.parametrize("number", range(1, 6))
def test_cards_cables_and_disks_of_a_node(number: int) -> None:
    name = f"n{number}"
    node = LAB.nodes[name]
    assert str(node.bmc.address) == f"10.30.10.{110 + number}"
    assert (node.boot.mac, node.boot.port) == (f"52:54:00:0a:00:{number:02x}", f"{name}-boot")
    assert (node.data.mac, node.data.port) == (f"52:54:00:0b:00:{number:02x}", f"{name}-data")
    assert (node.bmc.mac, node.bmc.port) == (f"52:54:00:0c:00:{number:02x}", f"{name}-bmc")
    assert node.disks.local == tuple(f"{name}-local-{disk}" for disk in range(1, 5))
    assert node.disks.osd == (f"{name}-osd-1",)
    assert node.failure_domain == "rack1"

"""Which steps follow from a document and the network as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.node_agent.network import SeenNetwork, SeenPort
from piston_iac.node_agent.network_steps import address_plan, cable_plan, port_plan, switch_plan, uplink_state
from piston_iac.node_agent.steps import LinkUp, Ovs, SetAddress, SetGateway, StartSwitch
from tests.unit.node_agent.documents import SERVICE, UPLINK, document, network

WANTED = document().networking
RIGHT = network()


def texts(seen: SeenNetwork) -> list[str]:
    return [
        step.text for plan in (port_plan(WANTED, seen), address_plan(WANTED, seen)) for step in plan.steps
    ]


def with_port(name: str, **changes: object) -> SeenNetwork:
    ports = tuple(replace(it, **changes) if it.name == name else it for it in RIGHT.ports)  # type: ignore[arg-type]
    return network(ports=ports)


def with_link(name: str, **changes: object) -> SeenNetwork:
    links = tuple(replace(it, **changes) if it.name == name else it for it in RIGHT.links)  # type: ignore[arg-type]
    return network(links=links)


def test_a_right_network_needs_nothing() -> None:
    assert switch_plan(WANTED, RIGHT, "id").steps == ()
    assert texts(RIGHT) == []


def test_a_stopped_switch_is_started_before_anything_else() -> None:
    stopped = network(switch=False, bridges={}, ports=())
    assert switch_plan(WANTED, stopped, "id").steps == (StartSwitch("id", "eth1"),)
    assert texts(stopped) == []


def test_a_missing_card_is_a_fault_that_names_its_address() -> None:
    seen = network(links=tuple(link for link in RIGHT.links if link.name != "eth1"))
    assert UPLINK in switch_plan(WANTED, seen, "id").faults[0]


def test_the_bridge_s_own_port_is_not_taken_for_the_card() -> None:
    assert switch_plan(WANTED, network(switch=False), "id").steps == (StartSwitch("id", "eth1"),)


def test_an_empty_switch_gets_bridge_uplink_and_interfaces() -> None:
    empty = network(bridges={}, ports=(), links=tuple(it for it in RIGHT.links if it.name == "eth1"))
    assert [step.text for step in port_plan(WANTED, empty).steps] == [
        "make bridge br-data (netdev)",
        "add uplink eth1 to br-data",
        "add interface service in VLAN 20",
        "add interface host in VLAN 30",
    ]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (with_port("service", vid=21), ["move interface service from VLAN 21 to 20"]),
        (with_port("eth1", vid=7), ["make eth1 a trunk"]),
        (with_port("host", mtu_request=1500), ["set MTU of host to 9000"]),
        (with_link("host", mtu=1400), ["clear MTU of host", "set MTU of host to 9000"]),
        (with_link("eth1", mtu=1500), ["set MTU of eth1 to 9000"]),
        (with_link("eth1", up=False), ["bring eth1 up"]),
        (with_link("service", up=False), ["bring service up"]),
        (network(gateway=""), ["set default gateway 10.30.20.1"]),
        (network(gateway="10.30.20.9"), ["set default gateway 10.30.20.1"]),
        (network(bridges={"br-data": "system"}), ["make bridge br-data (netdev)"]),
    ],
)
def test_each_drift_has_its_one_repair(seen: SeenNetwork, expected: list[str]) -> None:
    assert texts(seen) == expected


def test_a_wrong_address_is_replaced() -> None:
    seen = with_link("service", addresses=("10.30.20.99/24",))
    steps = address_plan(WANTED, seen).steps
    assert steps == (SetAddress(SERVICE, ("10.30.20.99/24",), missing=True),)


def test_a_second_address_is_taken_away() -> None:
    seen = with_link("service", addresses=(SERVICE.address, "192.0.2.1/24"))
    assert address_plan(WANTED, seen).steps == (SetAddress(SERVICE, ("192.0.2.1/24",), missing=False),)


def test_ports_of_ours_that_no_document_names_go_and_those_of_others_stay() -> None:
    odd = SeenPort("odd", "br-data", "internal", 9, 0)
    patch = SeenPort("to-br-int", "br-data", "patch", 0, 0)
    elsewhere = SeenPort("other", "br-int", "internal", 0, 0)
    assert texts(network(ports=(*RIGHT.ports, odd, patch, elsewhere))) == ["remove odd from br-data"]


def test_an_interface_that_never_appeared_is_a_fault() -> None:
    seen = network(links=tuple(link for link in RIGHT.links if link.name != "host"))
    plan = address_plan(WANTED, seen)
    assert plan.steps == ()
    assert "host did not appear" in plan.faults[0]


def test_links_come_up_before_the_route() -> None:
    seen = replace(with_link("service", up=False), gateway="")
    steps = address_plan(WANTED, seen).steps
    assert steps == (LinkUp("service"), SetGateway("10.30.20.1"))


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (RIGHT, "up"),
        (with_link("eth1", carrier=False), "no carrier"),
        (with_link("eth1", up=False, carrier=False), "down"),
        (network(links=tuple(link for link in RIGHT.links if link.name != "eth1")), "missing"),
        (with_link("service", carrier=False), "up"),
    ],
)
def test_the_uplink_is_the_data_card_s_own_state(seen: SeenNetwork, state: str) -> None:
    assert uplink_state(WANTED, seen) == state


def test_a_pulled_cable_is_a_fault_that_names_the_card() -> None:
    assert cable_plan(WANTED, RIGHT).faults == ()
    (fault,) = cable_plan(WANTED, with_link("eth1", carrier=False)).faults
    assert "eth1" in fault
    assert UPLINK in fault


def test_a_second_bridge_is_made_of_the_same_kind_and_then_left_alone() -> None:
    wanted = replace(WANTED, integration="br-int")
    (step,) = port_plan(wanted, RIGHT).steps
    assert isinstance(step, Ovs)
    assert step.arguments[-2:] == ("datapath_type=netdev", "fail_mode=secure")
    tap = SeenPort("tap1", "br-int", "", 0, 0)
    there = network(bridges={**RIGHT.bridges, "br-int": "netdev"}, ports=(*RIGHT.ports, tap))
    assert port_plan(wanted, there).steps == ()


def test_what_others_read_in_the_switch_is_set_where_it_differs() -> None:
    wanted = replace(
        WANTED, external_ids=(("hostname", "n1"), ("ovn-remote", "tcp:1.2.3.4:6642,tcp:1.2.3.5:6642"))
    )
    seen = network(external_ids={"hostname": "n1", "system-id": "u"})
    (step,) = port_plan(wanted, seen).steps
    assert isinstance(step, Ovs)
    assert step.arguments == (
        "set",
        "Open_vSwitch",
        ".",
        'external_ids:ovn-remote="tcp:1.2.3.4:6642,tcp:1.2.3.5:6642"',
    )
    assert port_plan(wanted, network(external_ids=dict(wanted.external_ids))).steps == ()

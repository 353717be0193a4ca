"""The OVSDB driver against a real Open vSwitch, checked with Open vSwitch's own tools."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.switch.ovsdb import OvsdbSwitch
from piston_iac.devices.switch.protocol import Port, StaticRoute, Switch, Vlan
from piston_iac.errors import DeviceRefused, Interrupted, TimedOut, Unreachable
from tests.contract.switch.rig import Ovs, l3_part


def soon(seconds: float = 10.0) -> Deadline:
    return Deadline.after(seconds)


def test_it_is_a_switch(switch: OvsdbSwitch) -> None:
    as_protocol: Switch = switch
    assert as_protocol.get_vlan(4000, soon()) is None


def test_vlan_comes_changes_and_goes(ovs: Ovs, l3: None, switch: OvsdbSwitch) -> None:
    vlan = Vlan(20, "service", "10.30.20.1/24", 1500)
    switch.put_vlan(vlan, soon())
    assert switch.get_vlan(20, soon()) == vlan
    assert ovs.vsctl("get", "Port", "vlan20", "tag") == "20"
    assert ovs.vsctl("get", "Interface", "vlan20", "type", "mtu_request").split() == ["internal", "1500"]
    assert ovs.vsctl("get", "Interface", "vlan20", "external_ids:ipv4-address") == '"10.30.20.1/24"'
    assert ovs.vsctl("get", "Port", "vlan20", "external_ids:piston-name") == "service"
    assert ovs.vsctl("port-to-br", "vlan20") == "sw"

    changed = Vlan(20, "service2", "10.30.20.254/24", 9000)
    switch.put_vlan(changed, soon())
    assert switch.get_vlan(20, soon()) == changed
    assert ovs.vsctl("get", "Interface", "vlan20", "external_ids:ipv4-address") == '"10.30.20.254/24"'

    layer2 = Vlan(20, "service2", "", 9000)
    switch.put_vlan(layer2, soon())
    assert switch.get_vlan(20, soon()) == layer2
    assert ovs.vsctl("get", "Interface", "vlan20", "external_ids") == "{}"

    switch.delete_vlan(20, soon())
    assert switch.get_vlan(20, soon()) is None
    assert "vlan20" not in ovs.vsctl("list-ports", "sw")
    switch.delete_vlan(20, soon())


@pytest.mark.usefixtures("factory_ports")
def test_access_trunk_and_native_ports(ovs: Ovs, switch: OvsdbSwitch) -> None:
    for port, mode, tag, trunks in (
        (Port("n1-data", 30, (), "n1 data card"), "access", "30", "[]"),
        (Port("n1-data", 0, (20, 30), "n1"), "trunk", "[]", "[20, 30]"),
        (Port("n1-data", 10, (10, 20), ""), '"native-untagged"', "10", "[10, 20]"),
        (Port("n1-data", 1, (), ""), "access", "1", "[]"),
    ):
        switch.put_port(port, soon())
        assert switch.get_port("n1-data", soon()) == port
        seen = ovs.vsctl("get", "Port", "n1-data", "vlan_mode", "tag", "trunks").splitlines()
        assert [seen[0].strip('"'), *seen[1:]] == [mode.strip('"'), tag, trunks]


@pytest.mark.usefixtures("factory_ports")
def test_unconfigured_port_carries_every_vlan(ovs: Ovs, switch: OvsdbSwitch) -> None:
    ovs.vsctl("clear", "Port", "core", "tag")
    seen = switch.get_port("core", soon())
    assert seen is not None
    assert (seen.vid, seen.trunk) == (0, tuple(range(1, 4095)))


def test_routes_come_change_and_go(ovs: Ovs, l3: None, switch: OvsdbSwitch) -> None:
    switch.put_route(StaticRoute("0.0.0.0/0", "10.30.0.1"), soon())
    switch.put_route(StaticRoute("10.99.0.0/16", "10.30.0.9"), soon())
    switch.put_route(StaticRoute("10.99.0.0/16", "10.30.0.8"), soon())
    assert switch.get_routes(soon()) == (
        StaticRoute("0.0.0.0/0", "10.30.0.1"),
        StaticRoute("10.99.0.0/16", "10.30.0.8"),
    )
    assert ovs.vsctl("br-get-external-id", "sw", "route:0.0.0.0/0") == "10.30.0.1"
    switch.delete_route("10.99.0.0/16", soon())
    switch.delete_route("0.0.0.0/0", soon())
    switch.delete_route("0.0.0.0/0", soon())
    assert switch.get_routes(soon()) == ()
    assert "route:" not in ovs.vsctl("br-get-external-id", "sw")


@pytest.mark.usefixtures("factory_ports")
def test_no_change_no_write(ovs: Ovs, l3: None, switch: OvsdbSwitch) -> None:
    def put_all() -> None:
        switch.put_vlan(Vlan(21, "host", "10.30.21.1/24", 1500), soon())
        switch.put_port(Port("n1-data", 0, (21, 22), "n1"), soon())
        switch.put_route(StaticRoute("10.98.0.0/16", "10.30.0.1"), soon())

    put_all()
    before = ovs.transactions()
    put_all()
    put_all()
    assert ovs.transactions() == before
    ovs.vsctl("set", "Port", "n2-data", "tag=7")
    assert ovs.transactions() > before, "the count must see a write"


def test_missing_port_is_refused(ovs: Ovs, switch: OvsdbSwitch) -> None:
    before = ovs.transactions()
    with pytest.raises(DeviceRefused, match=r"no port n9-data; it has core, n1-data, n2-data"):
        switch.put_port(Port("n9-data", 10, (), ""), soon())
    assert switch.get_port("n9-data", soon()) is None
    assert ovs.transactions() == before


@pytest.mark.parametrize(
    "port",
    [
        Port("n1-data", 99999, (), ""),
        Port("n1-data", 0, (), ""),
        Port("n1-data", 10, (20, 4095), ""),
        Port("n1-data", 0, (20, 20), ""),
    ],
)
def test_impossible_port_is_refused_before_writing(ovs: Ovs, switch: OvsdbSwitch, port: Port) -> None:
    before = ovs.transactions()
    with pytest.raises(DeviceRefused):
        switch.put_port(port, soon())
    assert ovs.transactions() == before


@pytest.mark.parametrize(
    "vlan", [Vlan(0, "a", "", 1500), Vlan(23, "a", "10.30.20.300/24", 1500), Vlan(23, "a", "", 20)]
)
def test_impossible_vlan_is_refused_before_writing(ovs: Ovs, switch: OvsdbSwitch, vlan: Vlan) -> None:
    before = ovs.transactions()
    with pytest.raises(DeviceRefused):
        switch.put_vlan(vlan, soon())
    assert ovs.transactions() == before


@pytest.mark.usefixtures("factory_ports")
def test_used_vlan_is_not_removed(l3: None, switch: OvsdbSwitch) -> None:
    switch.put_vlan(Vlan(24, "cloud", "", 1500), soon())
    switch.put_port(Port("n2-data", 0, (24, 25), ""), soon())
    with pytest.raises(DeviceRefused, match="VLAN 24 is still used by port n2-data"):
        switch.delete_vlan(24, soon())
    assert switch.get_vlan(24, soon()) is not None
    switch.put_port(Port("n2-data", 1, (), ""), soon())
    switch.delete_vlan(24, soon())


@pytest.mark.usefixtures("factory_ports")
def test_drift_by_hand_is_seen_and_repaired(ovs: Ovs, l3: None, switch: OvsdbSwitch) -> None:
    port, vlan = Port("n1-data", 10, (), "n1"), Vlan(26, "public", "10.30.26.1/24", 1500)
    switch.put_port(port, soon())
    switch.put_vlan(vlan, soon())
    ovs.vsctl("set", "Port", "n1-data", "tag=99")
    ovs.vsctl("set", "Interface", "vlan26", "mtu_request=1400", "external_ids:ipv4-address=10.30.26.9/24")
    assert switch.get_port("n1-data", soon()) == Port("n1-data", 99, (), "n1")
    assert switch.get_vlan(26, soon()) == Vlan(26, "public", "10.30.26.9/24", 1400)
    ovs.vsctl("set", "Port", "vlan26", "tag=27")
    assert switch.get_vlan(26, soon()) is None
    switch.put_port(port, soon())
    switch.put_vlan(vlan, soon())
    assert (switch.get_port("n1-data", soon()), switch.get_vlan(26, soon())) == (port, vlan)
    ovs.vsctl("del-port", "vlan26")
    assert switch.get_vlan(26, soon()) is None


def test_twenty_parallel_puts_all_land(ovs: Ovs, l3: None) -> None:
    vlans = [Vlan(100 + i, f"v{i}", f"10.40.{i}.1/24", 1500) for i in range(20)]
    routes = [StaticRoute(f"10.41.{i}.0/24", "10.30.0.1") for i in range(20)]
    with ThreadPoolExecutor(40) as pool:
        jobs = [pool.submit(OvsdbSwitch("data", ovs.address).put_vlan, vlan, soon(30)) for vlan in vlans]
        jobs += [pool.submit(OvsdbSwitch("data", ovs.address).put_route, r, soon(30)) for r in routes]
        for job in jobs:
            job.result()
    names = ovs.vsctl("list-ports", "sw").split()
    assert {f"vlan{vlan.vid}" for vlan in vlans} <= set(names)
    ids = ovs.vsctl("br-get-external-id", "sw")
    assert all(f"route:{route.destination}={route.next_hop}" in ids for route in routes)


def test_nobody_answers(nowhere: OvsdbSwitch) -> None:
    start = time.monotonic()
    with pytest.raises(Unreachable, match=r"switch data: could not read port x: no answer from tcp:127"):
        nowhere.get_port("x", soon(0.5))
    assert time.monotonic() - start < 1.5


def test_silent_server_is_unreachable(ovs: Ovs, switch: OvsdbSwitch) -> None:
    ovs.freeze_server(True)
    try:
        start = time.monotonic()
        with pytest.raises(Unreachable):
            switch.put_port(Port("core", 1, (), ""), soon(0.7))
        assert time.monotonic() - start < 1.7
    finally:
        ovs.freeze_server(False)


def test_told_to_stop(nowhere: OvsdbSwitch) -> None:
    deadline = soon(30)
    deadline.cancelled.set()
    with pytest.raises(Interrupted):
        nowhere.get_routes(deadline)


def test_without_l3_part_the_wait_names_it(ovs: Ovs, switch: OvsdbSwitch) -> None:
    ovs.vsctl("remove", "Open_vSwitch", ".", "external_ids", "l3-applied")
    with pytest.raises(TimedOut, match="l3-applied is missing"):
        switch.put_vlan(Vlan(40, "cloud", "10.30.40.1/24", 1500), soon(0.7))
    switch.put_vlan(Vlan(41, "layer 2", "", 1500), soon(5))
    ovs.vsctl("set", "Open_vSwitch", ".", "external_ids:l3-applied=0badc0de")
    with pytest.raises(TimedOut, match="reports 0badc0de, not yet"):
        switch.put_vlan(Vlan(40, "cloud", "10.30.40.1/24", 1500), soon(0.7))
    with l3_part(ovs):
        switch.put_vlan(Vlan(40, "cloud", "10.30.40.1/24", 1500), soon())


@pytest.mark.usefixtures("factory_ports")
def test_without_vswitchd_the_wait_names_it(ovs: Ovs, switch: OvsdbSwitch) -> None:
    ovs.stop_vswitchd()
    try:
        with pytest.raises(TimedOut, match="ovs-vswitchd has applied configuration"):
            switch.put_port(Port("core", 4, (), "uplink"), soon(1.5))
        # What was written stays; asking again writes nothing and waits for the same thing.
        before = ovs.transactions()
        with pytest.raises(TimedOut, match="ovs-vswitchd"):
            switch.put_port(Port("core", 4, (), "uplink"), soon(1.5))
        assert ovs.transactions() == before
    finally:
        ovs.start_vswitchd()
    switch.put_port(Port("core", 4, (), "uplink"), soon())


@pytest.mark.usefixtures("factory_ports")
def test_a_put_survives_a_restart_of_the_server(ovs: Ovs, switch: OvsdbSwitch) -> None:
    switch.put_port(Port("core", 4, (), "before"), soon())
    ovs.stop_server()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(switch.put_port, Port("core", 5, (), "after"), soon(20))
        time.sleep(0.3)
        assert not job.done()
        ovs.start_server()
        job.result()
    assert ovs.vsctl("get", "Port", "core", "tag") == "5"
    assert json.loads(ovs.vsctl("--format=json", "--columns=tag", "list", "Port", "core"))["data"] == [[5]]

"""Snapshots of a switch and the writes that they call for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.devices.switch import ovsdb_decide as decide
from piston_iac.devices.switch.ovsdb_rows import (
    ALL_VIDS,
    AddSvi,
    InterfaceRow,
    PortRow,
    RemoveSvi,
    SetColumn,
    SetId,
    Snapshot,
)
from piston_iac.devices.switch.ovsdb_wire import Malformed, Refused, parse_snapshot, parse_written
from piston_iac.devices.switch.protocol import Port, StaticRoute, Vlan

SVI = PortRow("u1", "vlan20", 20, (), "", {"piston-name": "service"})
SVI_INTERFACE = InterfaceRow("vlan20", "internal", 1500, {"ipv4-address": "10.30.20.1/24"}, "")
CORE = PortRow("u2", "core", 1, (), "access", {})
SEEN = Snapshot(
    ports={"vlan20": SVI, "core": CORE, "sw": PortRow("u3", "sw", None, (), "", {})},
    interfaces={"vlan20": SVI_INTERFACE},
    bridge_ids={"route:0.0.0.0/0": "10.30.0.1", "other": "x"},
    system_ids={},
    next_cfg=4,
    cur_cfg=4,
)
SERVICE = Vlan(20, "service", "10.30.20.1/24", 1500)


def with_core(**changes: object) -> Snapshot:
    return replace(SEEN, ports={**SEEN.ports, "core": replace(CORE, **changes)})  # type: ignore[arg-type]


def test_what_is_so_needs_no_write() -> None:
    assert decide.vlan_seen(SEEN, 20) == SERVICE
    assert decide.vlan_writes(SEEN, SERVICE) == []
    assert decide.port_writes(SEEN, Port("core", 1, (), "")) == []
    assert decide.route_writes(SEEN, StaticRoute("0.0.0.0/0", "10.30.0.1")) == []
    assert decide.route_removal(SEEN, "10.0.0.0/8") == []
    assert decide.vlan_removal(SEEN, 30) == []


def test_only_what_differs_is_written() -> None:
    assert decide.vlan_writes(SEEN, replace(SERVICE, mtu=9000)) == [
        SetColumn("Interface", "vlan20", "mtu_request", 9000)
    ]
    assert decide.vlan_writes(SEEN, replace(SERVICE, address="")) == [
        SetId("Interface", "vlan20", "ipv4-address", None)
    ]
    assert decide.vlan_writes(SEEN, Vlan(30, "host", "", 1500)) == [
        AddSvi(30, 1500, {"piston-name": "host"}, {})
    ]
    assert decide.port_writes(SEEN, Port("core", 0, (40, 30), "uplink")) == [
        SetColumn("Port", "core", "vlan_mode", "trunk"),
        SetColumn("Port", "core", "tag", None),
        SetColumn("Port", "core", "trunks", (30, 40)),
        SetId("Port", "core", "piston-description", "uplink"),
    ]


@pytest.mark.parametrize(
    ("mode", "tag", "trunks", "vid", "trunk"),
    [
        ("", 5, (), 5, ()),
        ("access", 5, (7,), 5, ()),
        ("", None, (), 0, ALL_VIDS),
        ("trunk", None, (), 0, ALL_VIDS),
        ("trunk", None, (20,), 0, (20,)),
        ("native-untagged", 10, (20,), 10, (20,)),
        ("native-untagged", 10, (), 10, ALL_VIDS),
        ("native-tagged", 10, (20,), 0, (10, 20)),
        ("dot1q-tunnel", 10, (), 0, ()),
    ],
)
def test_modes_of_a_port(
    mode: str, tag: int | None, trunks: tuple[int, ...], vid: int, trunk: tuple[int, ...]
) -> None:
    seen = decide.port_seen(with_core(mode=mode, tag=tag, trunks=trunks), "core")
    assert seen == Port("core", vid, trunk, "")


def test_the_switchs_own_ports_are_no_ports() -> None:
    assert decide.port_seen(SEEN, "vlan20") is None
    assert decide.port_seen(SEEN, "sw") is None
    with pytest.raises(ValueError, match="no port vlan20; it has core"):
        decide.port_writes(SEEN, Port("vlan20", 5, (), ""))


def test_removal_holds_on_to_what_it_looked_at() -> None:
    assert decide.vlan_removal(SEEN, 20) == [RemoveSvi(20, ("core",))]
    for users in ({"tag": 20}, {"tag": None, "mode": "trunk", "trunks": (20,)}):
        with pytest.raises(ValueError, match="VLAN 20 is still used by port core"):
            decide.vlan_removal(with_core(**users), 20)


def test_in_force() -> None:
    assert "configuration 4, not yet 5" in decide.not_in_force(SEEN, 5, needs_l3=False)
    assert decide.not_in_force(SEEN, 4, needs_l3=False) == ""
    assert "l3-applied is missing" in decide.not_in_force(SEEN, 4, needs_l3=True)
    behind = replace(SEEN, system_ids={"l3-applied": "0" * 64})
    assert "l3-applied" in decide.not_in_force(behind, 4, needs_l3=False)
    done = replace(SEEN, system_ids={"l3-applied": SEEN.wanted_l3()})
    assert decide.not_in_force(done, 4, needs_l3=True) == ""


def test_answers_of_something_else() -> None:
    for answer in (None, [], [{}, {}, {}, {}], [{"rows": []}] * 3, {"rows": []}):
        with pytest.raises(Malformed):
            parse_snapshot(answer)
    with pytest.raises(Refused, match="no bridge sw"):
        parse_snapshot([{"rows": []}] * 4)


def test_answers_to_a_transaction() -> None:
    done = [{"count": 1}, {"count": 1}, {"rows": [{"next_cfg": 7}]}]
    assert parse_written(done) == 7
    assert parse_written([{"error": "timed out"}, None, None]) is None
    with pytest.raises(Refused, match="constraint violation: no"):
        parse_written([{}, {"error": "constraint violation", "details": "no"}, None])

"""What does a snapshot say, and which writes make it say something else? Pure.

A wish that cannot be right raises ValueError before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from piston_iac.devices.switch.ovsdb_rows import (
    ADDRESS_KEY,
    ALL_VIDS,
    BRIDGE,
    DESCRIPTION_KEY,
    L3_APPLIED_KEY,
    ROUTE_PREFIX,
    VLAN_NAME_KEY,
    AddSvi,
    InterfaceRow,
    PortRow,
    RemoveSvi,
    SetColumn,
    SetId,
    Snapshot,
    Write,
    svi_name,
    svi_vid,
)
from piston_iac.devices.switch.protocol import Port, StaticRoute, Vlan

# What vswitchd runs with when mtu_request is empty.
_DEFAULT_MTU = 1500


def vlan_seen(snapshot: Snapshot, vid: int) -> Vlan | None:
    """The VLAN as configured; None when its SVI is missing or does not carry that VLAN."""
    port = snapshot.ports.get(svi_name(vid))
    interface = snapshot.interfaces.get(svi_name(vid))
    if port is None or interface is None or port.tag != vid or port.mode not in ("", "access"):
        return None
    return Vlan(
        vid=vid,
        name=port.external_ids.get(VLAN_NAME_KEY, ""),
        address=interface.external_ids.get(ADDRESS_KEY, ""),
        mtu=_DEFAULT_MTU if interface.mtu_request is None else interface.mtu_request,
    )


def vlan_writes(snapshot: Snapshot, vlan: Vlan) -> list[Write]:
    """Writes that make the VLAN so; none when it is so."""
    _check_vid(vlan.vid)
    _check_mtu(vlan.mtu)
    if vlan.address:
        IPv4Interface(vlan.address)
    name = svi_name(vlan.vid)
    port, interface = snapshot.ports.get(name), snapshot.interfaces.get(name)
    if port is None or interface is None:
        ids = {ADDRESS_KEY: vlan.address} if vlan.address else {}
        return [AddSvi(vlan.vid, vlan.mtu, {VLAN_NAME_KEY: vlan.name}, ids)]
    return [*_svi_port_writes(port, vlan), *_svi_interface_writes(interface, vlan)]


def _svi_port_writes(port: PortRow, vlan: Vlan) -> Iterator[Write]:
    if port.tag != vlan.vid:
        yield SetColumn("Port", port.name, "tag", vlan.vid)
    if port.mode not in ("", "access"):
        yield SetColumn("Port", port.name, "vlan_mode", None)
    if port.external_ids.get(VLAN_NAME_KEY) != vlan.name:
        yield SetId("Port", port.name, VLAN_NAME_KEY, vlan.name)


def _svi_interface_writes(interface: InterfaceRow, vlan: Vlan) -> Iterator[Write]:
    if interface.kind != "internal":
        yield SetColumn("Interface", interface.name, "type", "internal")
    if interface.mtu_request != vlan.mtu:
        yield SetColumn("Interface", interface.name, "mtu_request", vlan.mtu)
    if interface.external_ids.get(ADDRESS_KEY, "") != vlan.address:
        yield SetId("Interface", interface.name, ADDRESS_KEY, vlan.address or None)


def vlan_removal(snapshot: Snapshot, vid: int) -> list[Write]:
    """Writes that remove the VLAN. ValueError names the ports that still use it."""
    if svi_name(vid) not in snapshot.ports:
        return []
    others = [row for row in snapshot.ports.values() if _is_physical(row.name)]
    users = sorted(row.name for row in others if row.tag == vid or vid in row.trunks)
    if users:
        raise ValueError(f"VLAN {vid} is still used by port {', '.join(users)}")
    return [RemoveSvi(vid, tuple(row.name for row in others))]


def port_seen(snapshot: Snapshot, name: str) -> Port | None:
    """The port as configured; None when the bridge has no such physical port.

    A port that carries every VLAN (the state of a port nobody configured) shows all VLAN ids as its
    trunk. A mode that we never set (dot1q-tunnel) shows VLAN 0 and no trunk, which nobody can want.
    """
    row = snapshot.ports.get(name)
    if row is None or not _is_physical(name):
        return None
    vid, trunk = _vlans(row)
    return Port(name, vid, trunk, row.external_ids.get(DESCRIPTION_KEY, ""))


def _vlans(row: PortRow) -> tuple[int, tuple[int, ...]]:
    """Native or access VLAN id, trunk. An empty trunk list of a trunk means every VLAN."""
    mode = row.mode or ("trunk" if row.tag is None else "access")
    carried = row.trunks or ALL_VIDS
    tag = row.tag or 0
    match mode:
        case "access":
            return tag, ()
        case "trunk":
            return 0, carried
        case "native-untagged":
            return tag, carried
        case "native-tagged":
            return 0, tuple(sorted({*carried, tag} - {0}))
    return 0, ()


def port_writes(snapshot: Snapshot, port: Port) -> list[Write]:
    """Writes that make the port so; none when it is so. ValueError when it cannot be."""
    _check_port(port)
    row = snapshot.ports.get(port.name)
    if row is None or not _is_physical(port.name):
        known = ", ".join(sorted(name for name in snapshot.ports if _is_physical(name)))
        raise ValueError(f"the switch has no port {port.name}; it has {known or 'none'}")
    trunk = tuple(sorted(port.trunk))
    mode = "access" if not trunk else "native-untagged" if port.vid else "trunk"
    tag = port.vid or None
    writes: list[Write] = []
    if row.mode != mode:
        writes.append(SetColumn("Port", port.name, "vlan_mode", mode))
    if row.tag != tag:
        writes.append(SetColumn("Port", port.name, "tag", tag))
    if row.trunks != trunk:
        writes.append(SetColumn("Port", port.name, "trunks", trunk))
    if row.external_ids.get(DESCRIPTION_KEY, "") != port.description:
        writes.append(SetId("Port", port.name, DESCRIPTION_KEY, port.description or None))
    return writes


def routes_seen(snapshot: Snapshot) -> tuple[StaticRoute, ...]:
    """All static routes, by destination."""
    return tuple(StaticRoute(*item) for item in sorted(snapshot.routes().items()))


def route_writes(snapshot: Snapshot, route: StaticRoute) -> list[Write]:
    """Writes that make the route so; none when it is so."""
    IPv4Network(route.destination)
    IPv4Address(route.next_hop)
    if snapshot.routes().get(route.destination) == route.next_hop:
        return []
    return [SetId("Bridge", BRIDGE, ROUTE_PREFIX + route.destination, route.next_hop)]


def route_removal(snapshot: Snapshot, destination: str) -> list[Write]:
    """Writes that remove the route; none when there is none."""
    if destination not in snapshot.routes():
        return []
    return [SetId("Bridge", BRIDGE, ROUTE_PREFIX + destination, None)]


def not_applied(snapshot: Snapshot, cfg: int) -> str:
    """What vswitchd has not yet done of the transaction that got number `cfg`; empty for nothing."""
    if snapshot.cur_cfg >= cfg:
        return ""
    return f"ovs-vswitchd has applied configuration {snapshot.cur_cfg}, not yet {cfg}"


def not_in_force(snapshot: Snapshot, cfg: int, needs_l3: bool) -> str:
    """What vswitchd and the L3 part have not yet done; empty when all is in force.

    Args:
        cfg: the configuration number that our own transaction got.
        needs_l3: wait for the L3 part even when it never reported anything. A switch without an L3
            part (the management switch may be one) never reports, and has nothing more to do.
    """
    if waiting := not_applied(snapshot, cfg):
        return waiting
    applied = snapshot.system_ids.get(L3_APPLIED_KEY)
    if applied == snapshot.wanted_l3():
        return ""
    if applied is None:
        return "the switch's L3 part has reported nothing (l3-applied is missing)" if needs_l3 else ""
    return f"the switch's L3 part reports {applied[:12]}, not yet {snapshot.wanted_l3()[:12]} (l3-applied)"


def svi_error(snapshot: Snapshot, vid: int) -> str:
    """What vswitchd says is wrong with the VLAN's interface; empty for nothing."""
    interface = snapshot.interfaces.get(svi_name(vid))
    return interface.error if interface else ""


def _is_physical(name: str) -> bool:
    return name != BRIDGE and svi_vid(name) is None


def _check_vid(vid: int) -> None:
    if not 1 <= vid <= 4094:
        raise ValueError(f"VLAN id {vid} is not between 1 and 4094")


def _check_mtu(mtu: int) -> None:
    if not 68 <= mtu <= 65535:
        raise ValueError(f"MTU {mtu} is not between 68 and 65535")


def _check_port(port: Port) -> None:
    for vid in (*port.trunk, *((port.vid,) if port.vid or not port.trunk else ())):
        _check_vid(vid)
    if len(set(port.trunk)) != len(port.trunk):
        raise ValueError(f"the trunk of port {port.name} names a VLAN twice")

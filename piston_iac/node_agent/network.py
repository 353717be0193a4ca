"""What the network of this node is: Open vSwitch's bridges and ports, the kernel's links and routes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_report import InterfaceState

_SOCKET = Path("/run/openvswitch/db.sock")
_MODULE = Path("/sys/module/openvswitch")
# A new bridge switches like any switch, by this one rule.
_OWN_FLOW = "priority=0 actions=NORMAL"


@dataclass(frozen=True)
class SeenPort:
    """A port of a bridge. `kind` is the interface's type (`internal`, empty for a card); `vid` 0: none."""

    name: str
    bridge: str
    kind: str
    vid: int
    mtu_request: int


@dataclass(frozen=True)
class SeenLink:
    """A network link of the kernel. `addresses` are IPv4 CIDR, MTU in bytes.

    `up`: switched on by its system; `carrier`: there is somebody at the other end of its cable.
    """

    name: str
    mac: str
    mtu: int
    up: bool
    addresses: tuple[str, ...]
    carrier: bool = True


@dataclass(frozen=True)
class SeenNetwork:
    """All of it. `switch` tells whether Open vSwitch runs; `datapath` is what a bridge here has to use.

    `external_ids`: what the switch holds for others to read.
    """

    switch: bool
    datapath: str
    bridges: dict[str, str]
    ports: tuple[SeenPort, ...]
    links: tuple[SeenLink, ...]
    gateway: str
    external_ids: dict[str, str] = field(default_factory=dict)

    def link(self, name: str) -> SeenLink | None:
        """A link by name."""
        return next((link for link in self.links if link.name == name), None)


def see_network() -> SeenNetwork:
    """Look at everything."""
    tables = _ovs_tables() if _SOCKET.exists() else None
    bridges, ports = parse_tables(*tables[:3]) if tables else ({}, ())
    return SeenNetwork(
        switch=tables is not None and _vswitchd_runs(),
        # Without its kernel module Open vSwitch moves packets itself.
        datapath="system" if _MODULE.exists() else "netdev",
        bridges=bridges,
        ports=ports,
        links=parse_links(json.loads(run("ip", "-j", "addr") or "[]")),
        gateway=parse_gateway(json.loads(run("ip", "-j", "-4", "route", "show", "default") or "[]")),
        external_ids=parse_external_ids(tables[3]) if tables else {},
    )


def interface_states(bridge: str, seen: SeenNetwork) -> tuple[InterfaceState, ...]:
    """The internal ports of a bridge, as reports show them, without the bridge's own. Pure."""
    states = []
    for port in seen.ports:
        link = seen.link(port.name)
        if port.bridge != bridge or port.kind != "internal" or port.name == bridge or link is None:
            continue
        address = link.addresses[0] if link.addresses else ""
        states.append(InterfaceState(port.name, port.vid, address, link.mtu, link.up))
    return tuple(sorted(states, key=lambda state: state.name))


def see_flows(bridge: str) -> tuple[str, ...]:
    """OpenFlow rules of the bridge beside the one that it starts with."""
    if not bridge or not _SOCKET.exists():
        return ()
    return parse_flows(run("ovs-ofctl", "--no-stats", "dump-flows", bridge, check=False))


def parse_flows(dumped: str) -> tuple[str, ...]:
    """From what `ovs-ofctl dump-flows` prints: a rule a line. Pure."""
    lines = (line.strip() for line in dumped.splitlines() if " actions=" in f" {line.strip()}")
    return tuple(line for line in lines if line != _OWN_FLOW)


def parse_tables(
    bridges: dict[str, Any], ports: dict[str, Any], interfaces: dict[str, Any]
) -> tuple[dict[str, str], tuple[SeenPort, ...]]:
    """Bridges with their datapath types, and ports, from ovs-vsctl's JSON tables. Pure."""
    kinds = {row["name"]: row for row in _rows(interfaces)}
    by_uuid = {str(_value(row["_uuid"])): row for row in _rows(ports)}
    types: dict[str, str] = {}
    found = []
    for bridge in _rows(bridges):
        types[bridge["name"]] = bridge["datapath_type"] or "system"
        for uuid in _members(bridge["ports"]):
            port = by_uuid.get(uuid)
            if port is None:
                continue
            kind = kinds.get(port["name"], {})
            vid = int((_members(port["tag"]) or ["0"])[0])
            mtu = int((_members(kind.get("mtu_request", ["set", []])) or ["0"])[0])
            found.append(SeenPort(port["name"], bridge["name"], kind.get("type", ""), vid, mtu))
    return types, tuple(sorted(found, key=lambda port: port.name))


def parse_external_ids(switches: dict[str, Any]) -> dict[str, str]:
    """From ovs-vsctl's JSON of the table Open_vSwitch, which has one row. Pure."""
    rows = _rows(switches)
    # A map is ["map", [[name, value], ...]]. Source: RFC 7047, 5.1.
    return {str(name): str(value) for row in rows for name, value in row["external_ids"][1]}


def parse_links(raw: list[dict[str, Any]]) -> tuple[SeenLink, ...]:
    """Links from `ip -j addr`. Pure."""
    links = []
    for link in raw:
        if "ifname" not in link:
            continue
        addresses = tuple(
            f"{it['local']}/{it['prefixlen']}"
            for it in link.get("addr_info", ())
            if it.get("family") == "inet"
        )
        mac = str(link.get("address", "")).lower()
        up, carrier = "UP" in link["flags"], "LOWER_UP" in link["flags"]
        links.append(SeenLink(link["ifname"], mac, int(link["mtu"]), up, addresses, carrier))
    return tuple(links)


def parse_gateway(routes: list[dict[str, Any]]) -> str:
    """The default gateway from `ip -j route show default`; the one with the lowest metric. Pure."""
    with_gateway = [route for route in routes if route.get("gateway")]
    best = min(with_gateway, key=lambda route: int(route.get("metric", 0)), default={})
    return str(best.get("gateway", ""))


def _ovs_tables() -> tuple[dict[str, Any], ...] | None:
    """The tables Bridge, Port, Interface and Open_vSwitch; None while the switch's database is away."""
    listed = ["ovs-vsctl", "--timeout=5", "--format=json"]
    listed += ["--columns=name,datapath_type,ports", "list", "Bridge", "--"]
    listed += ["--columns=_uuid,name,tag", "list", "Port", "--"]
    listed += ["--columns=name,type,mtu_request", "list", "Interface", "--"]
    listed += ["--columns=external_ids", "list", "Open_vSwitch"]
    try:
        lines = run(*listed).splitlines()
    except ToolFailed:
        # The socket outlives a server that was killed.
        return None
    return tuple(json.loads(line) for line in lines)


def _vswitchd_runs() -> bool:
    pid_file = Path("/run/openvswitch/ovs-vswitchd.pid")
    return pid_file.exists() and Path(f"/proc/{pid_file.read_text().strip()}").exists()


def _rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table["headings"], row, strict=True)) for row in table["data"]]


def _members(value: Any) -> list[str]:
    """The members of an OVSDB set; a set of one is written as its member. Source: RFC 7047, 5.1."""
    if isinstance(value, list) and value and value[0] == "set":
        return [str(_value(member)) for member in value[1]]
    return [str(_value(value))]


def _value(atom: Any) -> Any:
    return atom[1] if isinstance(atom, list) else atom

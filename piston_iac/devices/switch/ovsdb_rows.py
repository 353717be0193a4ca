"""How does our configuration lie in an Open vSwitch database? Rows, keys and writes as plain data.

One bridge, `sw`. A VLAN is an internal port and interface `vlan<VID>` with its tag; name, address
and routes are external ids, which the switch's L3 part reads. Source: ovs-vswitchd.conf.db(5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from piston_iac.devices.switch.l3_digest import l3_digest

BRIDGE = "sw"
VLAN_NAME_KEY = "piston-name"
ADDRESS_KEY = "ipv4-address"
ROUTE_PREFIX = "route:"
DESCRIPTION_KEY = "piston-description"
L3_APPLIED_KEY = "l3-applied"
ALL_VIDS = tuple(range(1, 4095))

_SVI = re.compile(r"^vlan([1-9]\d{0,3})$")


def svi_name(vid: int) -> str:
    """Name of the port and interface that carry a VLAN's address."""
    return f"vlan{vid}"


def svi_vid(name: str) -> int | None:
    """The VLAN id in an SVI's name, None for other names."""
    match = _SVI.match(name)
    return int(match.group(1)) if match else None


@dataclass(frozen=True)
class PortRow:
    """A row of table Port that belongs to the bridge. `tag` None and `mode` "" mean: not set."""

    uuid: str
    name: str
    tag: int | None
    trunks: tuple[int, ...]
    mode: str
    external_ids: Mapping[str, str]


@dataclass(frozen=True)
class InterfaceRow:
    """A row of table Interface. `mtu_request` None means: not set. `error` is what vswitchd says."""

    name: str
    kind: str
    mtu_request: int | None
    external_ids: Mapping[str, str]
    error: str


@dataclass(frozen=True)
class Snapshot:
    """The part of one switch's database that we read, at one moment."""

    ports: Mapping[str, PortRow]
    interfaces: Mapping[str, InterfaceRow]
    bridge_ids: Mapping[str, str]
    system_ids: Mapping[str, str]
    next_cfg: int
    cur_cfg: int

    def routes(self) -> dict[str, str]:
        """Static routes: destination as CIDR text to next hop."""
        return {
            key.removeprefix(ROUTE_PREFIX): hop
            for key, hop in self.bridge_ids.items()
            if key.startswith(ROUTE_PREFIX)
        }

    def wanted_l3(self) -> str:
        """Digest that the L3 part reports once everything in this snapshot is in force."""
        svis = [row for name, row in self.interfaces.items() if svi_vid(name) is not None]
        addresses = {
            row.name: row.external_ids[ADDRESS_KEY] for row in svis if ADDRESS_KEY in row.external_ids
        }
        mtus = {row.name: row.mtu_request for row in svis if row.mtu_request is not None}
        return l3_digest(addresses, mtus, self.routes())


@dataclass(frozen=True)
class SetColumn:
    """Write one column of the named row. None or an empty tuple clears it."""

    table: str
    row: str
    column: str
    value: int | str | tuple[int, ...] | None


@dataclass(frozen=True)
class SetId:
    """Write one external id of the named row. None removes it."""

    table: str
    row: str
    key: str
    value: str | None


@dataclass(frozen=True)
class AddSvi:
    """Make port and interface of a VLAN."""

    vid: int
    mtu: int
    port_ids: Mapping[str, str]
    interface_ids: Mapping[str, str]


@dataclass(frozen=True)
class RemoveSvi:
    """Take the VLAN's port out of the bridge, while `unused_by` keep the VLANs that they have."""

    vid: int
    unused_by: tuple[str, ...]


Write = SetColumn | SetId | AddSvi | RemoveSvi

"""The public network: the data switch's public VLAN, as Neutron offers it to every project. Pure.

Floating IPs and the outer addresses of routers are of its range; machines on it would have no DHCP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import Call

NAME = "public"
MISSING = "missing"
_TYPE, _PHYSICAL, _SEGMENT = (
    f"provider:{it}" for it in ("network_type", "physical_network", "segmentation_id")
)
_EXTERNAL = "router:external"
_PORT = layout.NEUTRON_PORT
LOOK = (
    Call("GET", f"/v2.0/networks?name={NAME}", port=_PORT),
    Call("GET", f"/v2.0/subnets?{_EXTERNAL}=true", port=_PORT),
)
Row = Mapping[str, Any]
Pools = list[dict[str, str]]


@dataclass(frozen=True)
class WantedNetwork:
    """`physical`: Neutron's name of the bridge; `first` to `last`: the floating range; `mtu` in bytes."""

    physical: str
    vid: int
    mtu: int
    cidr: str
    gateway: str
    first: str
    last: str

    @property
    def pools(self) -> Pools:
        """The addresses that Neutron may give away."""
        return [{"start": self.first, "end": self.last}]


def wanted_field(wanted: WantedNetwork) -> dict[str, str | int]:
    """As it is to be."""
    return {
        "segment": f"vlan {wanted.vid} on {wanted.physical}",
        "use": "external",
        "state": "up",
        "mtu": wanted.mtu,
        "subnet": wanted.cidr,
        "gateway": wanted.gateway,
        "floating": _pools_text(wanted.pools),
        "dhcp": "off",
    }


@dataclass(frozen=True)
class PublicNetwork:
    """The network and its subnet as Neutron has them; None where there is none."""

    wanted: WantedNetwork
    network: Row | None
    subnet: Row | None

    @classmethod
    def among(
        cls, wanted: WantedNetwork, project: str, networks: Sequence[Row], subnets: Sequence[Row]
    ) -> PublicNetwork:
        """The platform's own: any project may have a network of that name. `project`: id of its owner."""
        own = [it for it in networks if it["project_id"] == project and it["name"] == NAME]
        # Neutron lets names repeat: an external one is meant before another.
        network = min(own, key=lambda it: (not it[_EXTERNAL], it["id"]), default=None)
        # The operator may add subnets of his own: ours is the one with its addresses or with its name.
        inside = [it for it in subnets if network and it["network_id"] == network["id"]]
        ours = [it for it in inside if it["cidr"] == wanted.cidr or it["name"] == NAME]
        subnet = min(ours, key=lambda it: (it["cidr"] != wanted.cidr, it["id"]), default=None)
        return cls(wanted, network, subnet)

    def seen_field(self) -> dict[str, str | int]:
        """As it is."""
        network, subnet = self.network, self.subnet
        if network is None:
            # One cause is one line: of one that is not there nothing else is told.
            return {**wanted_field(self.wanted), "segment": MISSING}
        found: dict[str, str | int] = {
            **wanted_field(self.wanted),
            "segment": f"{network[_TYPE]} {network[_SEGMENT]} on {network[_PHYSICAL]}",
            "use": ("external" if network[_EXTERNAL] else "internal")
            + (", shared" if network["shared"] else ""),
            "state": "up" if network["admin_state_up"] else "down",
            "mtu": network["mtu"],
            "subnet": subnet["cidr"] if subnet else MISSING,
        }
        if subnet:
            found |= {
                "gateway": subnet["gateway_ip"] or "none",
                "floating": _pools_text(subnet["allocation_pools"]),
                "dhcp": "on" if subnet["enable_dhcp"] else "off",
            }
        return found

    def calls(self) -> list[Call]:
        """What to send now. What cannot be changed is made anew, which Neutron refuses while it is in use."""
        wanted, network = self.wanted, self.network
        named = {
            "name": NAME,
            "description": "Floating IPs. Made by the platform: see piston:networks in its stack file.",
        }
        if network is None:
            body = {**named, **self._provider(), **self._settings()}
            return [Call("POST", "/v2.0/networks", {"network": body}, _PORT)]
        path = f"/v2.0/networks/{network['id']}"
        if network[_TYPE] != "vlan" or network[_PHYSICAL] != wanted.physical:
            # ML2 changes no provider attribute but the segmentation id (ML2 plugin, update_network).
            return [Call("DELETE", path, port=_PORT)]
        right = {_SEGMENT: wanted.vid, **self._settings()}
        if changes := {name: value for name, value in right.items() if network[name] != value}:
            return [Call("PUT", path, {"network": changes}, _PORT)]
        return self._subnet_calls(str(network["id"]), named)

    def _subnet_calls(self, network: str, named: Mapping[str, str]) -> list[Call]:
        wanted, subnet = self.wanted, self.subnet
        right = {"gateway_ip": wanted.gateway, "allocation_pools": wanted.pools, "enable_dhcp": False}
        if subnet is None:
            body = {**named, "network_id": network, "ip_version": 4, "cidr": wanted.cidr, **right}
            return [Call("POST", "/v2.0/subnets", {"subnet": body}, _PORT)]
        path = f"/v2.0/subnets/{subnet['id']}"
        if subnet["cidr"] != wanted.cidr:
            return [Call("DELETE", path, port=_PORT)]
        changes = {name: value for name, value in right.items() if subnet[name] != value}
        return [Call("PUT", path, {"subnet": changes}, _PORT)] if changes else []

    def _provider(self) -> dict[str, str | int]:
        return {_TYPE: "vlan", _PHYSICAL: self.wanted.physical, _SEGMENT: self.wanted.vid}

    def _settings(self) -> dict[str, bool | int]:
        return {_EXTERNAL: True, "shared": False, "admin_state_up": True, "mtu": self.wanted.mtu}


def _pools_text(pools: Pools) -> str:
    return ", ".join(sorted(f"{it['start']}-{it['end']}" for it in pools)) or "none"

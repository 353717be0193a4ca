"""Networking: networks, subnets, routers, security groups, ports, floating addresses, and their quota."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.openstack_plugin.cloud import Cloud, CloudError
from piston_iac.openstack_plugin.kinds import Collection, Kind, Made, Values
from piston_iac.openstack_plugin.quotas import quota

_QUOTA = quota(
    "openstack:networking/quotaV2:QuotaV2",
    "network quota",
    "network",
    "/quotas",
    "quota",
    *("floatingip", "network", "port", "rbacPolicy", "router"),
    *("securityGroup", "securityGroupRule", "subnet", "subnetpool"),
)


@dataclass(frozen=True)
class _Subnet(Collection):
    """A subnet. That it has no gateway is a field without a value."""

    def body(self, cloud: Cloud, want: Values) -> dict[str, Any]:
        """As neutron takes it; IPv4 where nothing else is said."""
        body = super().body(cloud, {k: v for k, v in want.items() if k != "noGateway"})
        return {**body, "gateway_ip": None} if want.get("noGateway") else body

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST."""
        return super().create(cloud, {"ipVersion": 4, **want})

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """As the official SDK tells it."""
        return {**super().seen(cloud, entry, state), "noGateway": entry.get("gateway_ip") is None}

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """PUT; a gateway goes by the one field that may have no value."""
        super().update(cloud, known_id, old, want, changed - {"noGateway"}, deadline)
        if "noGateway" in changed and want.get("noGateway"):
            cloud.call("network", "PUT", f"/subnets/{known_id}", {"subnet": {"gateway_ip": None}})


_GATEWAY = ("externalNetworkId", "enableSnat")


@dataclass(frozen=True)
class _Router(Collection):
    """A router. Its way out is one field of several."""

    def body(self, cloud: Cloud, want: Values) -> dict[str, Any]:
        """As neutron takes it."""
        body = super().body(cloud, {k: v for k, v in want.items() if k not in _GATEWAY})
        if want.get("externalNetworkId"):
            body["external_gateway_info"] = {"network_id": want["externalNetworkId"]}
            if "enableSnat" in want:
                body["external_gateway_info"]["enable_snat"] = want["enableSnat"]
        return body

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """PUT; the way out as a whole."""
        super().update(cloud, known_id, old, want, changed - set(_GATEWAY), deadline)
        if changed & set(_GATEWAY):
            gateway = self.body(cloud, want).get("external_gateway_info", {})
            path, body = f"/routers/{known_id}", {"router": {"external_gateway_info": gateway}}
            cloud.call("network", "PUT", path, body)

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """As the official SDK tells it."""
        gateway = entry.get("external_gateway_info") or {}
        told = {"externalNetworkId": gateway.get("network_id"), "enableSnat": gateway.get("enable_snat")}
        return {**super().seen(cloud, entry, state), **told}


@dataclass(frozen=True)
class _RouterInterface(Kind):
    """A router in a subnet. Its id is that of the port between them."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """PUT at the router."""
        body = _end(want)
        answer = cloud.call("network", "PUT", f"/routers/{want['routerId']}/add_router_interface", body)
        return Made(str(answer["port_id"]))

    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """GET of the port."""
        answer = cloud.look("network", f"/ports/{known_id}")
        if answer is None:
            return None
        port = answer["port"]
        subnet = port["fixed_ips"][0]["subnet_id"] if port["fixed_ips"] else None
        return {"routerId": port["device_id"], "portId": known_id, "subnetId": subnet}

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """Nothing can change in place."""

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """PUT at the router."""
        path = f"/routers/{state['routerId']}/remove_router_interface"
        cloud.call("network", "PUT", path, {"port_id": known_id})


def _end(want: Values) -> dict[str, Any]:
    if bool(want.get("subnetId")) == bool(want.get("portId")):
        raise CloudError("it needs either a subnet or a port", "Set subnetId or portId.")
    return {"port_id": want["portId"]} if want.get("portId") else {"subnet_id": want["subnetId"]}


@dataclass(frozen=True)
class _SecGroup(Collection):
    """A security group. Neutron gives it rules that let everything out."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST, and without those rules where that is wanted."""
        made = super().create(cloud, {k: v for k, v in want.items() if k != "deleteDefaultRules"})
        if want.get("deleteDefaultRules"):
            group = cloud.call("network", "GET", f"/security-groups/{made.id}")["security_group"]
            for rule in group["security_group_rules"]:
                cloud.call("network", "DELETE", f"/security-group-rules/{rule['id']}")
        return made


@dataclass(frozen=True)
class _FloatingIp(Collection):
    """A floating address. The program names its pool, neutron the network's id."""

    def body(self, cloud: Cloud, want: Values) -> dict[str, Any]:
        """As neutron takes it."""
        body = super().body(cloud, {k: v for k, v in want.items() if k != "pool"})
        if "pool" in want:
            body["floating_network_id"] = _pool(cloud, str(want["pool"]))
        return body

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """As the official SDK tells it."""
        network = cloud.look("network", f"/networks/{entry['floating_network_id']}") or {}
        return {**super().seen(cloud, entry, state), "pool": network.get("network", {}).get("name")}


def _pool(cloud: Cloud, name: str) -> str:
    query = {"name": name, "router:external": "true"}
    return str(cloud.one("network", "/networks", "networks", f"external network {name}", **query)["id"])


@dataclass(frozen=True)
class _FloatingIpAssociate(Kind):
    """A floating address at a port. Its id is that of the address."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """PUT at the address."""
        address = str(want["floatingIp"])
        query = {"floating_ip_address": address}
        entry = cloud.one("network", "/floatingips", "floatingips", f"floating address {address}", **query)
        self._put(cloud, str(entry["id"]), want)
        return Made(str(entry["id"]))

    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """GET; an address at no port is not associated."""
        answer = cloud.look("network", f"/floatingips/{known_id}")
        entry = answer["floatingip"] if answer else {}
        if not entry.get("port_id"):
            return None
        return {
            "floatingIp": entry["floating_ip_address"],
            "portId": entry["port_id"],
            "fixedIp": entry["fixed_ip_address"],
        }

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """PUT at the address."""
        self._put(cloud, known_id, want)

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """PUT at the address: no port."""
        cloud.call("network", "PUT", f"/floatingips/{known_id}", {"floatingip": {"port_id": None}})

    def _put(self, cloud: Cloud, known_id: str, want: Values) -> None:
        body = {"port_id": want["portId"]}
        if want.get("fixedIp"):
            body["fixed_ip_address"] = want["fixedIp"]
        cloud.call("network", "PUT", f"/floatingips/{known_id}", {"floatingip": body})


KINDS: tuple[Kind, ...] = (
    _QUOTA,
    Collection(
        official="openstack:networking/network:Network",
        title="network",
        service="network",
        path="/networks",
        key="network",
        updates=(
            *("name", "description", "adminStateUp", "shared", "external", "mtu"),
            *("portSecurityEnabled", "dnsDomain"),
        ),
        renews=("tenantId",),
        fields={"external": "router:external"},
    ),
    _Subnet(
        official="openstack:networking/subnet:Subnet",
        title="subnet",
        service="network",
        path="/subnets",
        key="subnet",
        updates=(
            *("name", "description", "enableDhcp", "gatewayIp", "noGateway"),
            *("dnsNameservers", "allocationPools"),
        ),
        renews=("networkId", "cidr", "ipVersion", "tenantId"),
        required=("networkId", "cidr"),
    ),
    _Router(
        official="openstack:networking/router:Router",
        title="router",
        service="network",
        path="/routers",
        key="router",
        updates=("name", "description", "adminStateUp", *_GATEWAY),
        renews=("tenantId", "distributed"),
    ),
    _RouterInterface(
        official="openstack:networking/routerInterface:RouterInterface",
        title="router interface",
        renews=("routerId", "subnetId", "portId"),
        required=("routerId",),
    ),
    _SecGroup(
        official="openstack:networking/secGroup:SecGroup",
        title="security group",
        service="network",
        path="/security-groups",
        key="security_group",
        updates=("name", "description", "stateful"),
        renews=("tenantId", "deleteDefaultRules"),
    ),
    Collection(
        official="openstack:networking/secGroupRule:SecGroupRule",
        title="security group rule",
        service="network",
        path="/security-group-rules",
        key="security_group_rule",
        renews=(
            *("direction", "ethertype", "securityGroupId", "protocol", "portRangeMin", "portRangeMax"),
            *("remoteIpPrefix", "remoteGroupId", "description", "tenantId"),
        ),
        required=("direction", "ethertype", "securityGroupId"),
    ),
    Collection(
        official="openstack:networking/port:Port",
        title="port",
        service="network",
        path="/ports",
        key="port",
        updates=(
            "name",
            "description",
            "adminStateUp",
            "fixedIps",
            "securityGroupIds",
            "portSecurityEnabled",
        ),
        renews=("networkId", "macAddress", "tenantId"),
        required=("networkId",),
        fields={"securityGroupIds": "security_groups"},
    ),
    _FloatingIp(
        official="openstack:networking/floatingIp:FloatingIp",
        title="floating address",
        service="network",
        path="/floatingips",
        key="floatingip",
        updates=("description", "portId", "fixedIp"),
        renews=("pool", "address", "subnetId", "tenantId"),
        required=("pool",),
        fields={"address": "floating_ip_address", "fixedIp": "fixed_ip_address"},
    ),
    _FloatingIpAssociate(
        official="openstack:networking/floatingIpAssociate:FloatingIpAssociate",
        title="association of a floating address",
        updates=("portId", "fixedIp"),
        renews=("floatingIp",),
        required=("floatingIp", "portId"),
    ),
)

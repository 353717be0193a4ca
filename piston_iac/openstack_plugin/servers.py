"""Servers: the one type whose making takes minutes, and of which much can change in place."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.openstack_plugin.cloud import Cloud, CloudError, wait_until
from piston_iac.openstack_plugin.kinds import Collection, Made, Values, snake

_POWER = {"ACTIVE": "active", "SHUTOFF": "shutoff"}
_CHANGING = {"active": ("os-start", "ACTIVE"), "shutoff": ("os-stop", "SHUTOFF")}
_AT_REST = ("ACTIVE", "SHUTOFF")  # a server that is off is changed as well, and stays off
_BLANK = ("", None)


@dataclass(frozen=True)
class _Instance(Collection):
    """A server."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST. A network that nobody names is nova's to choose."""
        version = "2.37" if want.get("networkMode") else None
        answer = cloud.call(
            "compute", "POST", "/servers", {"server": _body(cloud, want)}, microversion=version
        )
        return Made(str(answer["server"]["id"]))

    def finish(self, cloud: Cloud, made_id: str, want: Values, deadline: Deadline) -> None:
        """It runs, and stops again where that is wanted."""
        _settle(cloud, made_id, ("ACTIVE",), deadline)
        if want.get("powerState") == "shutoff":
            _power(cloud, made_id, "shutoff", deadline)

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """Names beside ids, and each declared network with what it became."""
        cards = cloud.call("compute", "GET", f"/servers/{entry['id']}/os-interface")["interfaceAttachments"]
        image = (entry.get("image") or {}).get("id")
        flavor = entry["flavor"]["id"]
        found = {
            "name": entry["name"],
            "metadata": entry["metadata"],
            "allMetadata": entry["metadata"],
            "keyPair": entry.get("key_name"),
            "availabilityZone": entry.get("OS-EXT-AZ:availability_zone"),
            "powerState": _POWER.get(entry["status"], str(entry["status"]).lower()),
            "flavorId": flavor,
            "imageId": image,
            "networks": _networks(state.get("networks", []), cards, entry.get("addresses", {})),
            "accessIpV4": entry.get("accessIPv4") or _first_address(entry.get("addresses", {})),
            "created": entry.get("created"),
            "updated": entry.get("updated"),
        }
        if "securityGroups" in state:  # those of ports are told as well
            found["securityGroups"] = sorted({it["name"] for it in entry.get("security_groups", [])})
        for name, path, known in (("flavorName", "flavors", flavor), ("imageName", "images", image)):
            if name in state and known:
                found[name] = _name_of(cloud, path, known)
        return found

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """Each in its own way; one that interrupts the server comes last."""
        path = f"/servers/{known_id}"
        if "name" in changed:
            cloud.call("compute", "PUT", path, {"server": {"name": want["name"]}})
        if "metadata" in changed:
            cloud.call("compute", "PUT", f"{path}/metadata", {"metadata": want.get("metadata", {})})
        if "adminPass" in changed and "adminPass" in want:
            _act(cloud, known_id, "changePassword", {"adminPass": want["adminPass"]})
        if "securityGroups" in changed:
            _groups(cloud, known_id, set(old.get("securityGroups", [])), set(want.get("securityGroups", [])))
        if changed & {"imageId", "imageName"}:
            _act(cloud, known_id, "rebuild", {"imageRef": _image(cloud, want)})
            _settle(cloud, known_id, _AT_REST, deadline)
        if changed & {"flavorId", "flavorName"}:
            _act(cloud, known_id, "resize", {"flavorRef": _flavor(cloud, want)})
            _settle(cloud, known_id, ("VERIFY_RESIZE",), deadline)
            _act(cloud, known_id, "confirmResize", None)
            _settle(cloud, known_id, _AT_REST, deadline)
        if "powerState" in changed:
            _power(cloud, known_id, str(want["powerState"]), deadline)


def _body(cloud: Cloud, want: Values) -> dict[str, Any]:
    """The server as nova takes it."""
    body = {
        "name": want["name"],
        "flavorRef": _flavor(cloud, want),
        "imageRef": _image(cloud, want),
        "key_name": want.get("keyPair"),
        "availability_zone": want.get("availabilityZone"),
        "config_drive": want.get("configDrive"),
        "adminPass": want.get("adminPass"),
        "metadata": want.get("metadata"),
        "networks": want.get("networkMode") or _wanted_networks(want),
        "security_groups": [{"name": name} for name in want.get("securityGroups", [])] or None,
        "block_device_mapping_v2": _block_devices(want) or None,
    }
    if want.get("userData"):
        body["user_data"] = base64.b64encode(str(want["userData"]).encode()).decode()
    return {name: value for name, value in body.items() if value is not None}


def _wanted_networks(want: Values) -> list[dict[str, Any]] | None:
    names = {"uuid": "uuid", "port": "port", "fixedIpV4": "fixed_ip"}
    wanted = [{names[k]: v for k, v in it.items() if k in names} for it in want.get("networks", [])]
    return wanted or None


def _block_devices(want: Values) -> list[dict[str, Any]]:
    return [{snake(k): v for k, v in it.items()} for it in want.get("blockDevices", [])]


def _networks(declared: list[Any], cards: list[Any], addresses: Values) -> list[dict[str, Any]]:
    """Declared networks that the server still has, each with MAC and address. Pure."""
    left, found = list(cards), []
    names = {it.get("OS-EXT-IPS-MAC:mac_addr"): name for name, group in addresses.items() for it in group}
    for entry in declared or [{} for _ in cards]:
        key, value = ("port_id", entry["port"]) if entry.get("port") else ("net_id", entry.get("uuid"))
        card = next((it for it in left if value in (None, it[key])), None)
        if card is None:
            continue
        left.remove(card)
        fixed = next((it["ip_address"] for it in card["fixed_ips"] if ":" not in it["ip_address"]), None)
        told = {
            "uuid": card["net_id"],
            "port": card["port_id"],
            "mac": card["mac_addr"],
            "fixedIpV4": fixed,
            "name": names.get(card["mac_addr"]),
        }
        found.append({**entry, **{k: v for k, v in told.items() if v not in _BLANK}})
    return found


def _first_address(addresses: Values) -> str | None:
    entries = [it for group in addresses.values() for it in group if it.get("version") == 4]
    fixed = [it for it in entries if it.get("OS-EXT-IPS:type", "fixed") == "fixed"]
    return str((fixed or entries)[0]["addr"]) if entries else None


def _flavor(cloud: Cloud, want: Values) -> str:
    if want.get("flavorId"):
        return str(want["flavorId"])
    name = want.get("flavorName")
    listed = cloud.call("compute", "GET", "/flavors").get("flavors", [])
    found = [it["id"] for it in listed if it["name"] == name]
    if len(found) != 1:
        raise CloudError(f"there is no flavor {name}", "Set flavorId, or flavorName to one that exists.")
    return str(found[0])


def _image(cloud: Cloud, want: Values) -> str | None:
    if want.get("imageId"):
        return str(want["imageId"])
    if not want.get("imageName"):
        return None
    name = str(want["imageName"])
    return str(cloud.one("image", "/images", "images", f"image {name}", name=name)["id"])


def _name_of(cloud: Cloud, path: str, known: str) -> str | None:
    service, key = ("compute", "flavor") if path == "flavors" else ("image", "")
    answer = cloud.look(service, f"/{path}/{known}") or {}
    entry: Mapping[str, Any] = answer.get(key, {}) if key else answer
    return entry.get("name")


def _act(cloud: Cloud, server: str, action: str, words: Any) -> None:
    cloud.call("compute", "POST", f"/servers/{server}/action", {action: words})


def _groups(cloud: Cloud, server: str, old: set[str], want: set[str]) -> None:
    for action, names in (("addSecurityGroup", want - old), ("removeSecurityGroup", old - want)):
        for name in sorted(names):
            _act(cloud, server, action, {"name": name})


def _power(cloud: Cloud, server: str, wanted: str, deadline: Deadline) -> None:
    if wanted not in _CHANGING:
        raise CloudError(f"powerState {wanted} is not one this stand-in can set", "It can: active, shutoff.")
    action, status = _CHANGING[wanted]
    _act(cloud, server, action, None)
    _settle(cloud, server, (status,), deadline)


def _settle(cloud: Cloud, server: str, statuses: tuple[str, ...], deadline: Deadline) -> None:
    """Wait for one of these statuses; a server that failed says why."""

    def reached(entry: Values) -> bool:
        if entry["status"] == "ERROR":
            cause = entry.get("fault", {}).get("message", "nova gives no reason")
            raise CloudError(f"its status is ERROR: {cause}", "The next `pulumi up` makes it anew.")
        return entry["status"] in statuses

    wait_until(
        lambda: cloud.call("compute", "GET", f"/servers/{server}")["server"],
        reached,
        deadline,
        f"server {server} is {' or '.join(statuses)}",
        "See nova's log.",
    )


KINDS = (
    _Instance(
        official="openstack:compute/instance:Instance",
        title="server",
        service="compute",
        path="/servers",
        key="server",
        updates=(
            *("name", "metadata", "adminPass", "securityGroups", "powerState"),
            *("flavorId", "flavorName", "imageId", "imageName"),
        ),
        renews=(
            *("networks", "networkMode", "keyPair", "userData", "availabilityZone", "configDrive"),
            *("blockDevices",),
        ),
        secrets=("adminPass",),
        defaults={"powerState": "active"},
        timeout_s=1800.0,
    ),
)

"""What the operator tells the boot node, checked in one place: every fault at once.

Standard library only: the driver and the service on the boot node both read it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
DEFAULT_MTU = 1500
MTUS = range(1280, 9217)
"""What a network of ours may have, bytes."""

_TIME_SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
# One path element, never hidden, never `..`: it becomes a directory and part of a URL.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class HostKind(StrEnum):
    """What asks for an address: a node's boot card or a BMC."""

    NODE = "node"
    BMC = "bmc"


@dataclass(frozen=True)
class Host:
    """A DHCP reservation and a DNS name. BMC names differ from node names: `n1-bmc`."""

    name: str
    mac: str
    address: str
    kind: HostKind


@dataclass(frozen=True)
class Settings:
    """Everything the boot node must know of its site.

    `sha256` is the digest of the release's root.squashfs as the operator knows it. `cidr` is the
    management network, `address` the boot node's own address in it. `gateway` is empty on a
    management network without one. `mtu`: bytes a packet of it may have; machines learn it by DHCP.
    """

    site: str
    release: str
    sha256: str
    domain: str
    cidr: str
    address: str
    dns_upstream: tuple[str, ...]
    ntp_upstream: tuple[str, ...]
    hosts: tuple[Host, ...]
    gateway: str = ""
    mtu: int = DEFAULT_MTU

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as PUT /v1/settings takes it."""
        raw = asdict(self)
        hosts = [{**vars(host), "kind": host.kind.value} for host in self.hosts]
        lists = {"dns_upstream": list(self.dns_upstream), "ntp_upstream": list(self.ntp_upstream)}
        return {**raw, **lists, "hosts": hosts}

    def host(self, name: str, kind: HostKind = HostKind.NODE) -> Host | None:
        """The host of that name and kind."""
        return next((host for host in self.hosts if host.name == name and host.kind is kind), None)

    def node_by_mac(self, mac: str) -> Host | None:
        """The node whose boot card has that MAC address."""
        nodes = (host for host in self.hosts if host.kind is HostKind.NODE)
        return next((host for host in nodes if host.mac == mac.lower()), None)


class InvalidSettings(ValueError):
    """Settings that cannot be used. `faults` names each one."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def is_file_name(text: str) -> bool:
    """Whether a release or file name is one safe path element."""
    return _FILE_NAME.fullmatch(text) is not None


def is_mac(text: str) -> bool:
    """Whether it is a MAC address, lower case, with colons."""
    return _MAC.fullmatch(text) is not None


class _Reader:
    """Takes fields out of plain data and collects what is wrong with them."""

    def __init__(self, raw: dict[str, Any], where: str, faults: list[str]) -> None:
        self._raw = raw
        self._where = where
        self._faults = faults

    def fault(self, name: str, text: str) -> None:
        self._faults.append(f"{self._where}{name} {text}")

    def text(self, name: str, fits: Callable[[str], object], what: str, default: str | None = None) -> str:
        value = self._raw.get(name, default)
        if isinstance(value, str) and (value == default or fits(value)):
            return value
        self.fault(name, f"is not {what}")
        return ""

    def number(self, name: str, fits: range, default: int) -> int:
        value = self._raw.get(name, default)
        # The engine knows one kind of number: 9000 comes as 9000.0.
        if isinstance(value, int | float) and value in fits:
            return int(value)
        self.fault(name, f"is not a number from {fits.start} to {fits.stop - 1}")
        return default

    def texts(self, name: str, fits: Callable[[str], object], what: str) -> tuple[str, ...]:
        value = self._raw.get(name)
        if not isinstance(value, list) or not all(isinstance(one, str) and fits(one) for one in value):
            self.fault(name, f"is not a list of {what}")
            return ()
        return tuple(value)

    def no_more_than(self, known: set[str]) -> None:
        for name in sorted(set(self._raw) - known):
            self.fault(name, "is unknown")


def _is_address(text: str) -> bool:
    try:
        return str(IPv4Address(text)) == text
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        return str(IPv4Network(text)) == text
    except ValueError:
        return False


def _host(raw: object, index: int, faults: list[str]) -> Host | None:
    if not isinstance(raw, dict):
        faults.append(f"hosts[{index}] is not an object")
        return None
    reader = _Reader(raw, f"hosts[{index}].", faults)
    reader.no_more_than({"name", "mac", "address", "kind"})
    kind = reader.text("kind", set(HostKind).__contains__, "node or bmc")
    name = reader.text("name", _NAME.fullmatch, "a name such as n1")
    mac = reader.text("mac", is_mac, "a MAC address in lower case")
    address = reader.text("address", _is_address, "an IPv4 address")
    return Host(name, mac, address, HostKind(kind)) if kind else None


def _twice(what: str, values: list[str]) -> list[str]:
    return [f"{what} {value} is used {n} times" for value, n in Counter(values).items() if n > 1 and value]


def _together(settings: Settings) -> list[str]:
    """Faults that only show when fields are seen together."""
    network = IPv4Network(settings.cidr)
    addresses = [settings.address, *(host.address for host in settings.hosts)]
    outside = [text for text in addresses if IPv4Address(text) not in network]
    if settings.gateway:
        addresses.append(settings.gateway)
    return [
        *(f"address {text} is not in {network}" for text in outside),
        *_twice("host name", [host.name for host in settings.hosts]),
        *_twice("MAC address", [host.mac for host in settings.hosts]),
        *_twice("address", addresses),
    ]


def parse_settings(raw: object) -> Settings:
    """Read settings.

    Raises:
        InvalidSettings: with every fault found.
    """
    if not isinstance(raw, dict):
        raise InvalidSettings(["settings are not a JSON object"])
    faults: list[str] = []
    reader = _Reader(raw, "", faults)
    reader.no_more_than(set(Settings.__dataclass_fields__))
    hosts = raw.get("hosts")
    if not isinstance(hosts, list):
        faults.append("hosts is not a list")
        hosts = []
    read = [_host(host, index, faults) for index, host in enumerate(hosts)]
    settings = Settings(
        site=reader.text("site", _NAME.fullmatch, "a name such as lab"),
        release=reader.text("release", is_file_name, "a release name such as 2026.11"),
        sha256=reader.text("sha256", _SHA256.fullmatch, "a SHA-256 digest in lower-case hexadecimal"),
        domain=reader.text("domain", _DOMAIN.fullmatch, "a DNS domain in lower case"),
        cidr=reader.text("cidr", _is_network, "an IPv4 network such as 10.30.10.0/24"),
        address=reader.text("address", _is_address, "an IPv4 address"),
        dns_upstream=reader.texts("dns_upstream", _is_address, "IPv4 addresses"),
        ntp_upstream=reader.texts("ntp_upstream", _TIME_SERVER.fullmatch, "time servers"),
        hosts=tuple(host for host in read if host is not None),
        gateway=reader.text("gateway", _is_address, "an IPv4 address or empty", default=""),
        mtu=reader.number("mtu", MTUS, DEFAULT_MTU),
    )
    if faults or (faults := _together(settings)):
        raise InvalidSettings(faults)
    return settings

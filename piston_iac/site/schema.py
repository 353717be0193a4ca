"""What a stack file may say, as frozen models.

Shapes only: each field alone. Rules that need two fields are in `rules`, addresses in `addresses`,
the way from YAML with file and line in `load`. Keys in YAML are camelCase, as in all Pulumi files.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from netaddr import IPAddress, IPNetwork, IPRange
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

_OCTETS = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")
_MAC = re.compile(r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")
_NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$")


def _address(value: object) -> IPAddress:
    if isinstance(value, IPAddress):
        return value
    if not isinstance(value, str) or not _OCTETS.match(value):
        raise ValueError(f"{value!r} is not an IPv4 address such as 10.30.10.5")
    try:
        return IPAddress(value)
    except ValueError:
        raise ValueError(f"{value!r} is not an IPv4 address: an octet goes from 0 to 255") from None


def _network(value: object) -> IPNetwork:
    if isinstance(value, IPNetwork):
        return value
    address, slash, length = str(value).partition("/")
    if not slash or not _OCTETS.match(address) or not length.isdigit() or int(length) > 32:
        raise ValueError(f"{value!r} is not an IPv4 network such as 10.30.10.0/24")
    _address(address)
    network = IPNetwork(str(value))
    if network.ip != network.network:
        raise ValueError(f"{value!r} has host bits set; the network is {network.cidr}")
    return network


def _range(value: object) -> IPRange:
    if isinstance(value, IPRange):
        return value
    first, dash, last = str(value).partition("-")
    if not dash:
        raise ValueError(f"{value!r} is not a range such as 10.30.50.100-10.30.50.200")
    low, high = _address(first.strip()), _address(last.strip())
    if low > high:
        raise ValueError(f"{value!r} ends before it begins")
    return IPRange(low, high)


def _mac(value: object) -> str:
    text = str(value).lower().replace("-", ":")
    if not _MAC.match(text):
        raise ValueError(f"{value!r} is not a MAC address such as 52:54:00:1e:0a:0b")
    if int(text[:2], 16) & 1:
        raise ValueError(f"{value!r} is a multicast MAC address; a network card has a unicast one")
    return text


def _name(value: str) -> str:
    if not _NAME.match(value):
        raise ValueError(f"{value!r} is not a name: lower-case letters, digits and dashes, at most 31")
    return value


Address = Annotated[IPAddress, BeforeValidator(_address)]
Network4 = Annotated[IPNetwork, BeforeValidator(_network)]
Range4 = Annotated[IPRange, BeforeValidator(_range)]
Mac = Annotated[str, BeforeValidator(_mac)]
Name = Annotated[str, AfterValidator(_name)]
Vid = Annotated[int, Field(ge=1, le=4094, strict=True)]


class Model(BaseModel):
    """Frozen, no unknown keys, camelCase outside."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


class NetworkName(StrEnum):
    """The five logical networks of a site."""

    MANAGEMENT = "management"
    SERVICE = "service"
    HOST = "host"
    CLOUD = "cloud"
    PUBLIC = "public"


DATA_NETWORKS = (NetworkName.SERVICE, NetworkName.HOST, NetworkName.CLOUD, NetworkName.PUBLIC)


class Network(Model):
    """One logical network: a VLAN and its addresses.

    `gateway` is the address of the data switch in it (its SVI); the management network has none.
    `floating` is the range of floating IPs, on the public network only. `mtu` in bytes.
    """

    vid: Vid
    cidr: Network4
    gateway: Address | None = None
    floating: Range4 | None = None
    mtu: Annotated[int, Field(ge=1280, le=9216)] = 1500


class Networks(Model):
    """The five networks. Management runs on the management switch, the others on the data switch."""

    management: Network
    service: Network
    host: Network
    cloud: Network
    public: Network

    def get(self, name: NetworkName) -> Network:
        """The network of that name."""
        network: Network = getattr(self, name.value)
        return network


class Route(Model):
    """A static route of the data switch."""

    destination: Network4
    next_hop: Address


class Uplink(Model):
    """The data switch's way to the core network: a port, a transit VLAN and our address in it."""

    port: str
    vid: Vid
    address: Address
    cidr: Network4


class DataSwitch(Model):
    """The L3 switch. `address` is where its OVSDB server listens, such as `tcp:10.30.10.2:6640`."""

    driver: Literal["ovsdb"] = "ovsdb"
    address: str
    uplink: Uplink
    routes: tuple[Route, ...]


class ManagementSwitch(Model):
    """The L2 switch of boot and BMC traffic."""

    driver: Literal["ovsdb"] = "ovsdb"
    address: str


class Switches(Model):
    """The two switches of the rack."""

    management: ManagementSwitch
    data: DataSwitch


class BootNode(Model):
    """Server A: boots from the CloudKey and serves all others. `port` is on the management switch."""

    address: Address
    mac: Mac
    port: str


class Bmc(Model):
    """A node's BMC. `port` is on the management switch; `password` overrides the derived one."""

    address: Address
    mac: Mac
    port: str
    password: SecretStr | None = None


class Nic(Model):
    """A network card and the switch port its cable goes to."""

    mac: Mac
    port: str


class Disks(Model):
    """Serial numbers of a node's disks: `local` for RAID1+0, `osd` for Ceph."""

    local: tuple[str, ...]
    osd: tuple[str, ...]


class Node(Model):
    """Server B. `number` fixes its addresses: base + 10 + number in each network.

    `boot` is the card on the management switch, `data` the one on the data switch. `wipe` names the
    serials of disks with foreign data that may be erased.
    """

    number: Annotated[int, Field(ge=1, le=200, strict=True)]
    failure_domain: Name
    bmc: Bmc
    boot: Nic
    data: Nic
    disks: Disks
    wipe: tuple[str, ...] = ()


class Ipmi(Model):
    """How BMCs are reached.

    Each BMC gets a password of its own, derived from the site's seed and `generation`. `factory*` is
    what a new machine comes with. `break_glass_user` is a second administrator kept to repair the
    first. `write_interval_s`: least time between two writes to one BMC, seconds.
    """

    user: Annotated[str, Field(min_length=1, max_length=16)] = "piston"
    break_glass_user: Annotated[str, Field(min_length=1, max_length=16)] = "piston-rescue"
    factory_user: Annotated[str, Field(min_length=1, max_length=16)]
    factory_password: SecretStr
    generation: Annotated[int, Field(ge=1)] = 1
    write_interval_s: Annotated[float, Field(ge=0, le=60)] = 5.0


class DiskLayout(Model):
    """How disks are used. Sizes in GiB."""

    local_raid: Literal["btrfs-raid10", "md-raid10"] = "btrfs-raid10"
    image_cache_gib: Annotated[int, Field(ge=1)]


class Snmp(Model):
    """Read-only SNMP of the nodes. `community` is a secret."""

    community: SecretStr
    location: str = ""
    contact: str = ""


class Dashboard(Model):
    """First account of the dashboard."""

    user: str = "admin"
    password: SecretStr


class Timeouts(Model):
    """How long to wait before a node counts as failed, seconds."""

    boot_s: Annotated[int, Field(ge=5)] = 900
    converge_s: Annotated[int, Field(ge=5)] = 600
    bmc_s: Annotated[int, Field(ge=1)] = 30


class Site(Model):
    """One site: everything its stack file declares.

    `seed` is the one secret that all keys and passwords of the site are derived from.
    `environment` is `production` or `lab`; policies are stricter in production.
    """

    name: Name
    release: str
    environment: Literal["production", "lab"] = "production"
    seed: Annotated[SecretStr, Field(min_length=32)]
    networks: Networks
    switches: Switches
    boot_node: BootNode
    nodes: Annotated[dict[Name, Node], Field(min_length=1)]
    ipmi: Ipmi
    disk_layout: DiskLayout
    dns: tuple[Address, ...]
    ntp: tuple[str, ...]
    snmp: Snmp | None = None
    dashboard: Dashboard
    timeouts: Timeouts = Timeouts()

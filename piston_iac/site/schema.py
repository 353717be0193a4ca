"""What a stack file may say, as frozen models.

Shapes only: each field alone. Rules that need two fields are in `rules`, addresses in `addresses`,
the way from YAML with file and line in `load`. Keys in YAML are camelCase, as in all Pulumi files.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from piston_iac.site.values import (
    Address,
    FactoryPassword,
    FlavorName,
    Host,
    IpmiPassword,
    IpmiUser,
    Mac,
    Model,
    Name,
    Network4,
    OvsdbAddress,
    PgNum,
    PortName,
    Range4,
    Release,
    Secret,
    Seed,
    Serial,
    Text,
    Vid,
    Word,
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

    port: PortName
    vid: Vid
    address: Address
    cidr: Network4


class DataSwitch(Model):
    """The L3 switch. `address` is where its OVSDB server listens, such as `tcp:10.30.10.2:6640`."""

    driver: Literal["ovsdb"] = "ovsdb"
    address: OvsdbAddress
    uplink: Uplink
    routes: tuple[Route, ...]


class ManagementSwitch(Model):
    """The L2 switch of boot and BMC traffic."""

    driver: Literal["ovsdb"] = "ovsdb"
    address: OvsdbAddress


class Switches(Model):
    """The two switches of the rack."""

    management: ManagementSwitch
    data: DataSwitch


class BootNode(Model):
    """Server A: boots from the CloudKey and serves all others. `port` is on the management switch."""

    address: Address
    mac: Mac
    port: PortName


class Bmc(Model):
    """A node's BMC. `port` is on the management switch; `password` overrides the derived one."""

    address: Address
    mac: Mac
    port: PortName
    password: IpmiPassword | None = None


class Nic(Model):
    """A network card and the switch port its cable goes to."""

    mac: Mac
    port: PortName


class Disks(Model):
    """Serial numbers of a node's disks: `local` for RAID1+0, `osd` for Ceph."""

    local: tuple[Serial, ...]
    osd: tuple[Serial, ...]


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
    wipe: tuple[Serial, ...] = ()


class Ipmi(Model):
    """How BMCs are reached.

    Each BMC gets a password of its own, derived from the site's seed and `generation`. `factory*` is
    what a new machine comes with. `break_glass_user` is a second administrator kept to repair the
    first. `write_interval_s`: least time between two writes to one BMC, seconds. `kept_users`: other
    administrators of the BMCs that are let be; any other one is disabled.
    """

    user: IpmiUser = "piston"
    break_glass_user: IpmiUser = "piston-rescue"
    factory_user: IpmiUser
    factory_password: FactoryPassword
    generation: Annotated[int, Field(ge=1)] = 1
    write_interval_s: Annotated[float, Field(ge=0, le=60)] = 5.0
    kept_users: tuple[IpmiUser, ...] = ()


class DiskLayout(Model):
    """How disks are used. Sizes in GiB."""

    # md-raid10 joins when nodes can make it: what `piston check` accepts must not fail on a node.
    local_raid: Literal["btrfs-raid10"] = "btrfs-raid10"
    image_cache_gib: Annotated[int, Field(ge=1)]


class DeviceClass(StrEnum):
    """Kinds of OSD disks, as Ceph names them; `any` takes all."""

    ANY = "any"
    HDD = "hdd"
    SSD = "ssd"
    NVME = "nvme"


class Pool(Model):
    """A pool of the cluster storage. `quota_gib` 0: no quota; it counts the data once, not its copies."""

    pg_num: PgNum = 32
    device_class: DeviceClass = DeviceClass.ANY
    quota_gib: Annotated[int, Field(ge=0)] = 0


class PoolName(StrEnum):
    """The pools of a site: what each is for is its name."""

    IMAGES = "images"
    VOLUMES = "volumes"
    VMS = "vms"
    BACKUPS = "backups"
    OBJECTS = "objects"


class Pools(Model):
    """All pools of a site."""

    images: Pool = Pool()
    volumes: Pool = Pool()
    vms: Pool = Pool()
    backups: Pool = Pool()
    objects: Pool = Pool()

    def get(self, name: PoolName) -> Pool:
        """The pool of that name."""
        pool: Pool = getattr(self, name.value)
        return pool


class Ceph(Model):
    """The cluster storage. `mons`: 3, and 5 from five failure domains on, unless it is given here.

    `osd_memory_mib`: what one OSD may use for its caches. `kept`: pools and users of the cluster that were
    not made by us and are let be, by their names: `scratch`, `client.backup`.
    """

    mons: Literal[3, 5] | None = None
    osd_memory_mib: Annotated[int, Field(ge=896)] = 4096
    pools: Pools = Pools()
    kept: tuple[Word, ...] = ()


class ServiceName(StrEnum):
    """The services of the cloud that can log every detail."""

    KEYSTONE = "keystone"
    GLANCE = "glance"
    PLACEMENT = "placement"
    NOVA = "nova"
    NEUTRON = "neutron"
    CINDER = "cinder"


class ControlPlane(Model):
    """The redundant core of the cloud: database, message bus, balancer, OVN's databases, and services on it.

    A site without this section has storage alone.

    `hosts`: the nodes that run it, three of them; chosen as the mon hosts are when it is left out.
    `infrastructure_hosts`: the nodes that hold OVN's databases, one or three; the control hosts when it is
    left out. One of them needs no disk for Ceph.
    `address`: the virtual address of all APIs, in the service network; its base + 10 when it is left out.
    `debug`: services that log every detail, until it is taken out again.
    """

    hosts: tuple[Name, ...] = ()
    infrastructure_hosts: tuple[Name, ...] = ()
    address: Address | None = None
    region: Name = "region-one"
    debug: tuple[ServiceName, ...] = ()


class Hypervisor(StrEnum):
    """What runs virtual machines: the processor's own support, or an emulator, which is slow."""

    KVM = "kvm"
    QEMU = "qemu"


class RootDisks(StrEnum):
    """Where machines have their root disks.

    On the mirror of the node that they run on: quick, and lost with that node. In the cluster storage: they
    outlive it.
    """

    LOCAL = "local"
    CEPH = "ceph"


class Flavor(Model):
    """A size of virtual machines. `disk_gib` 0: as large as the image; `public`: every project has it."""

    vcpus: Annotated[int, Field(ge=1, le=512)]
    ram_mib: Annotated[int, Field(ge=1)]
    disk_gib: Annotated[int, Field(ge=0)]
    public: bool = True


Limit = Annotated[int, Field(ge=-1)]
"""How much a project may have of something; -1: as much as there is."""
UNLIMITED = -1


class Quota(Model):
    """What each project may have, unless an administrator gives it a quota of its own.

    `gigabytes`: of all its volumes and their snapshots, GiB, as Cinder calls it.
    """

    instances: Limit = 10
    cores: Limit = 20
    ram_mib: Limit = 51200
    volumes: Limit = 10
    snapshots: Limit = 10
    backups: Limit = 10
    gigabytes: Limit = 1000
    floating_ips: Limit = 10


_FLAVORS: dict[str, Flavor] = {
    "m1.tiny": Flavor(vcpus=1, ram_mib=512, disk_gib=5),
    "m1.small": Flavor(vcpus=1, ram_mib=2048, disk_gib=20),
    "m1.medium": Flavor(vcpus=2, ram_mib=4096, disk_gib=40),
    "m1.large": Flavor(vcpus=4, ram_mib=8192, disk_gib=80),
}


class Cloud(Model):
    """Virtual machines, networks, volumes, objects and dashboard. Compute and network are on every node.

    A site without this section ends with what the control plane's own section brings. `cpu_ratio`,
    `memory_ratio`: how many times over a node's processors and its memory are given away. `flavors`: all that
    the platform offers, by name; `quota`: of projects that have none of their own.
    """

    hypervisor: Hypervisor = Hypervisor.KVM
    root_disks: RootDisks = RootDisks.LOCAL
    cpu_ratio: Annotated[float, Field(gt=0, le=64)] = 4.0
    memory_ratio: Annotated[float, Field(gt=0, le=4)] = 1.0
    flavors: dict[FlavorName, Flavor] = _FLAVORS
    quota: Quota = Quota()


class Snmp(Model):
    """Read-only SNMP of the nodes. `community` is a secret."""

    community: Secret
    location: Text = ""
    contact: Text = ""


class Dashboard(Model):
    """First account of the dashboard."""

    user: Word = "admin"
    password: Secret


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
    release: Release
    environment: Literal["production", "lab"] = "production"
    seed: Seed
    networks: Networks
    switches: Switches
    boot_node: BootNode
    nodes: Annotated[dict[Name, Node], Field(min_length=1)]
    ipmi: Ipmi
    disk_layout: DiskLayout
    ceph: Ceph = Ceph()
    control_plane: ControlPlane | None = None
    cloud: Cloud | None = None
    dns: Annotated[tuple[Address, ...], Field(min_length=1)]
    ntp: Annotated[tuple[Host, ...], Field(min_length=1)]
    snmp: Snmp | None = None
    dashboard: Dashboard
    timeouts: Timeouts = Timeouts()

"""Who owns what of the control plane and of the services on it."""

from __future__ import annotations

from collections.abc import Iterator

from piston_iac import cloud_layout as layout
from piston_iac.dynamic_providers.cloud_check import CloudCheckInputs, CloudCheckProvider
from piston_iac.dynamic_providers.cloud_defaults import CloudDefaultsInputs, CloudDefaultsProvider
from piston_iac.dynamic_providers.control_access import WithControlPlane
from piston_iac.dynamic_providers.control_plane import ControlPlaneInputs, ControlPlaneProvider
from piston_iac.dynamic_providers.openstack_service import OpenStackServiceProvider
from piston_iac.dynamic_providers.ovn_central import OvnCentralInputs, OvnCentralProvider
from piston_iac.dynamic_providers.ownership.terms import (
    COMMON,
    Claim,
    Fact,
    Field,
    Given,
    Ownership,
    Seen,
    Told,
    Unseen,
    address_claim,
)
from piston_iac.dynamic_providers.preconditions import PreconditionsInputs, PreconditionsProvider
from piston_iac.dynamic_providers.service_inputs import OpenStackServiceInputs
from piston_iac.plan.cloud.default_network import NAME as PUBLIC_NETWORK

_PLANE, _OVN, _KEYSTONE, _BOOT_NODE, _DATABASE = (
    "control plane",
    "OVN's databases",
    "Keystone",
    "boot node",
    "database",
)
_NEUTRON, _NOVA, _GLANCE = "Neutron", "Nova", "Glance"


def _plane(inputs: WithControlPlane) -> str:
    return f"control plane of {inputs.site}"


def _members(inputs: ControlPlaneInputs) -> Iterator[Claim]:
    for host in inputs.members:
        for store in (layout.GALERA, layout.RABBITMQ):
            yield Claim(_plane(inputs), f"{store} of {host}")


def _address(inputs: ControlPlaneInputs) -> Iterator[Claim]:
    yield address_claim(inputs.address)


def _permit(inputs: ControlPlaneInputs) -> Iterator[Claim]:
    yield Claim(f"boot node at {inputs.boot_node_address}", f"permit {layout.PERMIT}")


def _ovn_members(inputs: OvnCentralInputs) -> Iterator[Claim]:
    for host in inputs.members:
        yield Claim(_plane(inputs), f"{layout.OVN} of {host}")


def _ovn_permit(inputs: OvnCentralInputs) -> Iterator[Claim]:
    yield Claim(f"boot node at {inputs.boot_node_address}", f"permit {layout.OVN_PERMIT}")


def _database(inputs: OpenStackServiceInputs) -> Iterator[Claim]:
    for name in inputs.databases:
        yield Claim(_plane(inputs), f"database {name}")


def _entry(inputs: OpenStackServiceInputs) -> Iterator[Claim]:
    if inputs.type:
        yield Claim(_plane(inputs), f"catalogue entry {inputs.type}")
    if inputs.entry().account:
        yield Claim(_plane(inputs), f"account {inputs.service}")


def _schema_permit(inputs: OpenStackServiceInputs) -> Iterator[Claim]:
    yield Claim(f"boot node at {inputs.boot_node_address}", f"permits of the schema of {inputs.service}")


def _agents(inputs: OpenStackServiceInputs) -> Iterator[Claim]:
    for name in inputs.agents:
        yield Claim(_plane(inputs), f"agent {name}")


def _default_flavors(inputs: CloudDefaultsInputs) -> Iterator[Claim]:
    for name in inputs.flavors:
        yield Claim(_plane(inputs), f"flavor {name}")


def _default_images(inputs: CloudDefaultsInputs) -> Iterator[Claim]:
    for name in inputs.images:
        yield Claim(_plane(inputs), f"image {name}")


def _public_network(inputs: CloudDefaultsInputs) -> Iterator[Claim]:
    yield Claim(_plane(inputs), f"network {PUBLIC_NETWORK}")


def _default_quota(inputs: CloudDefaultsInputs) -> Iterator[Claim]:
    for name in inputs.quota:
        yield Claim(_plane(inputs), f"quota class default: {name}")


def _check_project(inputs: CloudDefaultsInputs) -> Iterator[Claim]:
    yield Claim(_plane(inputs), f"project {layout.CHECK}")


_WITH_CONTROL_PLANE: tuple[Field, ...] = (
    *COMMON,
    Given("access", "the operator's identity and the site's CA"),
    Given("hosts", "where the control hosts' agents answer"),
    Given("bootNodeAddress", "issues the permits for what may happen once"),
)

PRECONDITIONS = Ownership[PreconditionsInputs](
    PreconditionsProvider,
    (),
    (
        *_WITH_CONTROL_PLANE,
        Given("adminUser", "asks Nova which machines there are"),
        Given("adminPassword", "asks Nova which machines there are"),
        Given("controlHosts", "refuses that one leaves; ControlPlane tells what each is"),
        Given("ovnHosts", "refuses that most leave at once; OvnCentral tells what each is"),
        Given(
            "rootDisks", "refuses that they are elsewhere while machines have one; `files` of each node tells"
        ),
    ),
)

CONTROL_PLANE = Ownership[ControlPlaneInputs](
    ControlPlaneProvider,
    (
        Fact(_PLANE, "who is a member of database and message bus", _members),
        Fact(_PLANE, "the virtual address of the APIs", _address),
        Fact(_BOOT_NODE, "the permit to make a control plane", _permit),
    ),
    (
        *_WITH_CONTROL_PLANE,
        Told("members", "database", "each of them by name"),
        Given("address", "the virtual address; `virtualAddress` tells who holds it"),
        Told("served", "certificates", "each host's by what it serves"),
        Given("deployS", "how long a node may take to be ready, seconds"),
        Seen(
            "database", "Galera's state on each host: in the majority, with all data", _PLANE, "starts, joins"
        ),
        Seen("queues", "RabbitMQ's own list of members that run", _PLANE, "starts, joins"),
        Seen("virtualAddress", "which hosts have it on an interface", _PLANE, "starts keepalived"),
        Seen(
            "shortQueues", "queues with fewer copies than they should have", _PLANE, "has hosts take copies"
        ),
        Seen(
            "backendsDown",
            "databases that the balancer does not use, and whatever somebody had it leave out",
            _PLANE,
            "starts what is stopped, has balancers take their files again",
        ),
        Seen(
            "certificates",
            "what each host's balancer serves, and whether it ends within 30 days",
            _PLANE,
            "has balancers take their files again",
        ),
        Seen("backup", "how far the databases' newest backup goes, when over 300 s", _PLANE, "waits for it"),
        Seen("awaits", "control hosts that give no answer", "node", "waits for them"),
    ),
)

OVN_CENTRAL = Ownership[OvnCentralInputs](
    OvnCentralProvider,
    (
        Fact(_OVN, "who is a member of OVN's databases", _ovn_members),
        Fact(_BOOT_NODE, "the permit to make OVN's databases", _ovn_permit),
    ),
    (
        *_WITH_CONTROL_PLANE,
        Told("members", "states", "each of them by name"),
        Given("deployS", "how long a node may take to be ready, seconds"),
        Seen(
            "states",
            "status, leader and members of both of OVN's databases",
            _OVN,
            "starts, joins; drops members that are gone",
        ),
        Seen("awaits", "their hosts that give no answer", "node", "waits for them"),
    ),
)

OPENSTACK_SERVICE = Ownership[OpenStackServiceInputs](
    OpenStackServiceProvider,
    (
        Fact(_DATABASE, "a service's databases and their user", _database),
        Fact(_KEYSTONE, "a service's account, its entry in the catalogue and its endpoints", _entry),
        Fact(_BOOT_NODE, "the permit to change a service's schema", _schema_permit),
        Fact("Nova, Neutron, Cinder", "which nodes have a service's agents, and that they are on", _agents),
    ),
    (
        *_WITH_CONTROL_PLANE,
        Given("service", "which service this is about"),
        Given("type", "its type in the catalogue"),
        Told("url", "endpoints", "each endpoint with its URL"),
        Told("region", "endpoints", "each endpoint with its region"),
        Given("adminUser", "asks Keystone"),
        Given("adminPassword", "asks Keystone"),
        Unseen("databases", "made before the schema; the service's API says whether they work"),
        Unseen(
            "databasePassword", "set when the databases are made; the service's API says whether it works"
        ),
        Told("accounts", "account", "each account is logged in with"),
        Given("ports", "where the APIs of all services are, and what to ask there"),
        Unseen("schemaRelease", "the permit of a release's schema says that it was made"),
        Seen(
            "catalogue", "its entry in Keystone's catalogue, enabled or not", _KEYSTONE, "makes, enables it"
        ),
        Seen(
            "endpoints",
            "URL, region and state of each of its endpoints",
            _KEYSTONE,
            "sets them; removes others",
        ),
        Seen("account", "its user: enabled, its roles, whether its password works", _KEYSTONE, "sets them"),
        Seen("api", "its answer at the virtual address and on each control host", "its API", "waits for it"),
        Seen(
            "units",
            "whether its units run on each node, as the node tells",
            "node",
            "starts them",
        ),
        Given("nodes", "where the agents of nodes that run machines answer"),
        Seen(
            "agents",
            "what Nova, Neutron and Cinder say of what they run on each node; records of other nodes",
            "its API",
            "switches them on, has their nodes apply their documents; removes records of nodes that are gone",
        ),
    ),
)


def _last_check(inputs: CloudCheckInputs) -> Iterator[Claim]:
    yield Claim(_plane(inputs), "record of the last check")


CLOUD_CHECK = Ownership[CloudCheckInputs](
    CloudCheckProvider,
    (Fact(_KEYSTONE, "the record of the last check that passed", _last_check),),
    (
        *_WITH_CONTROL_PLANE,
        Given("adminUser", "asks the services, and works in the project of checks"),
        Given("adminPassword", "asks the services, and works in the project of checks"),
        Told("maxAgeH", "age", "how long ago it was against how old it may be"),
        Given("others", "where the agents of the nodes answer that are no control hosts"),
        Told("documents", "digest", "what was checked"),
        Seen("digest", "what was checked: a digest of all that nodes are told", _KEYSTONE, "checks again"),
        Seen("age", "how long ago it passed, against how old a check may be", _KEYSTONE, "checks again"),
        Seen(
            "nodes",
            "on which nodes a machine worked; one that takes no machines now is let be",
            "Keystone, Nova",
            "checks again",
        ),
    ),
)

CLOUD_DEFAULTS = Ownership[CloudDefaultsInputs](
    CloudDefaultsProvider,
    (
        Fact(_NEUTRON, "the public network and the subnet of floating IPs", _public_network),
        Fact(_NOVA, "the platform's flavors", _default_flavors),
        Fact(_GLANCE, "the platform's image", _default_images),
        Fact("Nova, Cinder", "limits of the quota class default", _default_quota),
        Fact(_KEYSTONE, "the project of checks, with its security group", _check_project),
    ),
    (
        *_WITH_CONTROL_PLANE,
        Given("adminUser", "asks the services"),
        Given("adminPassword", "asks the services"),
        Told("network", "publicNetwork", "segment, addresses and MTU"),
        Told("sizes", "flavors", "each size in words"),
        Told("imageSha256", "images", "the digest that Glance itself made of the data"),
        Seen(
            "publicNetwork",
            "segment, use, state and MTU of the network; addresses and DHCP of its subnet",
            _NEUTRON,
            "sets them; makes anew what cannot be changed, unless it is in use",
        ),
        Seen(
            "flavors",
            "sizes, extra specs and whether it is public; flavors that are ours and wanted no more",
            _NOVA,
            "makes them anew; running machines keep what they have",
        ),
        Seen(
            "images",
            "state, visibility, format and digest of the image",
            _GLANCE,
            "uploads it from a control host",
        ),
        Seen("quota", "the quota class default", "Nova, Cinder", "sets it"),
        Seen(
            "checkAccess",
            "the project, the administrator's roles in it, the rules of its security group",
            "Keystone, Neutron",
            "sets them; removes other rules",
        ),
    ),
)

"""Who owns what of the nodes and of the cluster storage."""

from __future__ import annotations

from collections.abc import Iterator

from piston_iac import ceph_layout
from piston_iac.dynamic_providers.bare_metal_node import BareMetalNodeProvider, NodeInputs
from piston_iac.dynamic_providers.ceph_access import WithCeph
from piston_iac.dynamic_providers.ceph_cluster import CephClusterInputs, CephClusterProvider
from piston_iac.dynamic_providers.ceph_pool import CephPoolInputs, CephPoolProvider
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
from piston_iac.node_document import from_json

_NODE, _BMC, _BOOT_NODE, _DISK, _CEPH = "node", "BMC", "boot node", "disk", "Ceph"


def _node(inputs: NodeInputs) -> str:
    return f"node at {inputs.agent_address}"


def _power(inputs: NodeInputs) -> Iterator[Claim]:
    yield Claim(f"BMC at {inputs.bmc_address}", "power")


def _document(inputs: NodeInputs) -> Iterator[Claim]:
    yield Claim(f"boot node at {inputs.boot_node_address}", f"document of {inputs.node}")


def _files(inputs: NodeInputs) -> Iterator[Claim]:
    # Of the document, not of the compared fields: a mapping cannot hold a path twice.
    for file in from_json(inputs.document).files:
        yield Claim(_node(inputs), f"file {file.path}")


def _units(inputs: NodeInputs) -> Iterator[Claim]:
    for unit in from_json(inputs.document).units:
        yield Claim(_node(inputs), f"unit {unit}")
    yield Claim(_node(inputs), "other units")


def _network(inputs: NodeInputs) -> Iterator[Claim]:
    networking = from_json(inputs.document).networking
    yield Claim(_node(inputs), f"bridge {networking.bridge}")
    yield Claim(_node(inputs), "default gateway")
    for interface in networking.interfaces:
        yield Claim(_node(inputs), f"interface {interface.name}")
        if interface.address:
            yield address_claim(interface.address)


def _mirror(inputs: NodeInputs) -> Iterator[Claim]:
    for serial in from_json(inputs.document).mirror.disks:
        yield Claim(f"disk {serial}", "content")


def _host(inputs: NodeInputs) -> Iterator[Claim]:
    yield Claim(_node(inputs), "host name")
    yield Claim(_node(inputs), "clock")


_NEW = "writes it anew and restarts the units that read it"

BARE_METAL_NODE = Ownership[NodeInputs](
    BareMetalNodeProvider,
    (
        Fact(_BMC, "power", _power),
        Fact(_BOOT_NODE, "a node's sealed document", _document),
        Fact(_NODE, "the files of its document", _files),
        Fact(_NODE, "the units of its document, and that no unit runs that nobody declared", _units),
        Fact(
            _NODE, "the data bridge, its tagged interfaces, their addresses, its rules, the gateway", _network
        ),
        Fact(_NODE, "host name and clock", _host),
        Fact(_DISK, "what is on a disk of the local mirror, and how much of it images may take", _mirror),
    ),
    (
        *COMMON,
        Given("node", "which node this is"),
        Given("bmcAddress", "where its BMC answers"),
        Given("user", "our account on its BMC; IpmiCredential looks after it"),
        Given("password", "to log in to its BMC; IpmiCredential looks after it"),
        Given("writeIntervalS", "least time between two writes to its BMC, seconds"),
        Given("access", "the operator's identity and the site's CA"),
        Given("bootNodeAddress", "where piston-bootd answers"),
        Given("agentAddress", "where its agent answers"),
        Given("bootMac", "the boot node knows it by this card"),
        Given("bootS", "how long a boot may take, seconds"),
        Given("convergeS", "how long it may take to become ready after that, seconds"),
        Told("document", "applied", "the digest of what the agent applied last; the other fields say what"),
        Given("peers", "the other control hosts: it takes its turn when they can do without it"),
        Seen("power", "its agent answers, else the chassis power", f"{_NODE}, {_BMC}", "boots it"),
        Seen("applied", "digest of the document that the agent applied last", _NODE, "sends it its document"),
        Seen("release", "the release that it booted", _NODE, "nothing yet: waits, and says so"),
        Seen("files", "SHA-256 of each of the document's files", _NODE, _NEW),
        Seen("units", "systemd's state of each of the document's units", _NODE, "starts them"),
        Seen(
            "interfaces",
            "VLAN, first IPv4 address, MTU and whether up, of each internal port of the data bridge",
            _NODE,
            "sets them; removes ports that the document does not name",
        ),
        Seen("gateway", "the default route with the lowest metric", _NODE, "sets it"),
        Seen(
            "strangers",
            "services, sockets and timers that are up and come neither from the image nor from the document",
            _NODE,
            "stops them",
        ),
        Seen("flows", "OpenFlow rules of the data bridge beside its first one", _NODE, "removes them"),
        Seen("imageCacheGib", "what the images on the mirror may take", _NODE, "sets the limit"),
        Seen("switchSettings", "external ids of its switch that the document names", _NODE, "sets them"),
        Seen("uplink", "the data card: there, switched on, with carrier", _NODE, "switches it on"),
        Seen(
            "mirror",
            "label, state, profile and disks of the local mirror",
            _NODE,
            "mounts it, puts blank or named disks in place of lost ones",
        ),
        Seen("clock", "whether chrony follows a server", _NODE, "waits until it does"),
    ),
)


def _ceph(inputs: WithCeph) -> str:
    return f"Ceph of {inputs.site}"


def _daemons(inputs: CephClusterInputs) -> Iterator[Claim]:
    def unit(node: str, name: str) -> Claim:
        return Claim(f"node at {inputs.agents[node]}", f"unit {name}")

    for node in inputs.mon_addresses:
        yield unit(node, ceph_layout.mon_unit(node))
        yield Claim(_ceph(inputs), f"mon {node}")
    for node in inputs.mgr_hosts:
        yield unit(node, ceph_layout.mgr_unit(node))
        yield Claim(_ceph(inputs), f"mgr {node}")
    for serial, node in inputs.osd_hosts.items():
        yield unit(node, ceph_layout.osd_unit(serial))
        yield Claim(_ceph(inputs), f"OSD on {serial}")


def _osd_disks(inputs: CephClusterInputs) -> Iterator[Claim]:
    for serial in inputs.osd_hosts:
        yield Claim(f"disk {serial}", "content")


def _cluster_settings(inputs: CephClusterInputs) -> Iterator[Claim]:
    for thing in ("fsid and stamp", "flags", "options"):
        yield Claim(_ceph(inputs), thing)


def _entities(inputs: CephClusterInputs) -> Iterator[Claim]:
    for name in inputs.keys:
        yield Claim(_ceph(inputs), f"entity {name}")
    yield Claim(_ceph(inputs), "users and pools of others")


def _permit(inputs: CephClusterInputs) -> Iterator[Claim]:
    yield Claim(f"boot node at {inputs.boot_node_address}", f"permit {ceph_layout.PERMIT}")


_WITH_CEPH: tuple[Field, ...] = (
    *COMMON,
    Given("access", "the operator's identity and the site's CA"),
    Given("adminKey", "goes along with each question to the mons"),
    Given("agents", "where the nodes' agents answer"),
    Given("monHosts", "whose agents are asked"),
)

CEPH_CLUSTER = Ownership[CephClusterInputs](
    CephClusterProvider,
    (
        Fact(
            _CEPH,
            "which mons, mgrs and OSDs there are, and that they run and serve",
            _daemons,
        ),
        Fact(_DISK, "what is on an OSD disk", _osd_disks),
        Fact(_CEPH, "its id and the stamp of its making, flags, options", _cluster_settings),
        Fact(_CEPH, "keys and caps of daemons and administrator; users and pools of others", _entities),
        Fact(_BOOT_NODE, "the permit to make a cluster", _permit),
    ),
    (
        *_WITH_CEPH,
        Given("bootNodeAddress", "issues the permit of the first mon"),
        Told("keys", "auth", "the mons' keys are compared by digest"),
        Given("deployS", "how long a node may take to be ready, seconds"),
        Unseen("monAddresses", "used when a mon joins; the addresses in the mons' own map are not compared"),
        Told("mgrHosts", "mgrs", "each of them by name"),
        Unseen("osdHosts", "`osds` tells of each disk's OSD, not from which node it serves"),
        Given("wipe", "serials of disks whose data may be erased"),
        Given("kept", "pools and users of the cluster that are not ours and stay"),
        Seen("fsid", "the id in the mons' map", _CEPH, "refuses: it is another cluster"),
        Seen("mons", "the mons' map and who is in quorum", _CEPH, "starts, joins or removes mons"),
        Seen("mgrs", "the active mgr and those in standby", _CEPH, "starts them"),
        Seen(
            "osds",
            "the OSD map: up, in, by the serial of the disk; others by number",
            _CEPH,
            "starts, makes, takes in; drains and removes those that are not wanted",
        ),
        Seen("flags", "flags of the OSD map that Ceph does not set itself", _CEPH, "unsets them"),
        Seen("options", "the configuration database, without what mgr modules keep", _CEPH, "removes them"),
        Seen("auth", "key digest and caps of the daemons and the administrator", _CEPH, "sets them anew"),
        Seen(
            "strangers",
            "pools and users that are neither ours nor kept",
            _CEPH,
            "removes users, and pools that hold nothing; refuses to remove data",
        ),
        Seen("awaits", "nodes whose agent or data cable is away", _NODE, "waits for them"),
    ),
)


def _pool(inputs: CephPoolInputs) -> Iterator[Claim]:
    yield Claim(_ceph(inputs), f"pool {inputs.pool}")


def _rule(inputs: CephPoolInputs) -> Iterator[Claim]:
    rule = inputs.rule
    agreed = f"spread over {rule['spreadOver']}, on {rule['deviceClass']}"
    yield Claim(_ceph(inputs), f"CRUSH rule {rule['name']}", agreed)


CEPH_POOL = Ownership[CephPoolInputs](
    CephPoolProvider,
    (
        Fact(_CEPH, "a pool's copies, placement groups, quota, application, and which rule it uses", _pool),
        Fact(_CEPH, "a CRUSH rule: made by the first pool that needs it, never changed", _rule),
    ),
    (
        *_WITH_CEPH,
        Given("pool", "which pool this is about"),
        Seen("exists", "whether the OSD map has a pool of that name", _CEPH, "makes it"),
        Seen("size", "copies of each object", _CEPH, "sets it; Ceph copies"),
        Seen("minSize", "copies that a write needs", _CEPH, "sets it"),
        Seen("pgNum", "the number of placement groups that the pool is on its way to", _CEPH, "sets it"),
        Seen("autoscale", "whether Ceph changes that number by itself", _CEPH, "switches it off"),
        Seen("quotaBytes", "the pool's quota", _CEPH, "sets it"),
        Seen("applications", "what the pool is marked for", _CEPH, "marks it; takes other marks away"),
        Seen(
            "rule",
            "name, spread and device class of the pool's CRUSH rule",
            _CEPH,
            "gives the pool its rule; refuses when a rule of that name says something else",
        ),
    ),
)

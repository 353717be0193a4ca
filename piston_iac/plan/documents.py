"""Which node document follows from a site? Pure: the same site and release give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable

from piston_iac.node_document import File, Interface, LocalMirror, Networking, NodeDocument
from piston_iac.plan.cloud.hosts import compute_hosts, control_hosts, virtual_address
from piston_iac.plan.services import (
    balancer,
    base,
    ceph,
    chassis,
    chrony,
    cinder,
    compute,
    control,
    database_backup,
    evacuator,
    galera,
    glance,
    horizon,
    keystone,
    libvirt,
    neutron,
    nova,
    ovn,
    placement,
    rabbitmq,
    rgw,
    snmp,
)
from piston_iac.site.addresses import node_cidr
from piston_iac.site.schema import NetworkName, Site

DATA_BRIDGE = "br-data"
MIRROR_MOUNT = "/persist"
_GIB = 1024**3
# The public network carries floating IPs for VMs; the node itself takes no address in it.
_HOST_NETWORKS = (NetworkName.SERVICE, NetworkName.HOST, NetworkName.CLOUD)
# In the order in which they can be started.
_SERVICES = (
    base,
    chrony,
    snmp,
    ceph,
    control,
    galera,
    database_backup,
    rabbitmq,
    ovn,
    balancer,
    keystone,
    glance,
    placement,
    chassis,
    libvirt,
    neutron,
    nova,
    compute,
    evacuator,
    cinder,
    rgw,
    horizon,
)


def mirror_label(site: str, node: str) -> str:
    """Whose a local mirror is: written on the disks, checked before anything is mounted or erased."""
    return f"piston:{site}:{node}"


def node_document(site: Site, node: str) -> NodeDocument:
    """The document of one node."""
    wanted = site.nodes[node]
    fragments = [service.fragment(site, node) for service in _SERVICES]
    return NodeDocument(
        site=site.name,
        node=node,
        release=site.release,
        hostname=node,
        files=_one_owner(file for fragment in fragments for file in fragment.files),
        units=tuple(unit for fragment in fragments for unit in fragment.units),
        networking=Networking(
            bridge=DATA_BRIDGE,
            uplink_mac=wanted.data.mac,
            interfaces=tuple(_interface(site, node, name) for name in _HOST_NETWORKS),
            gateway=str(site.networks.service.gateway or ""),
            integration=chassis.INTEGRATION_BRIDGE if node in compute_hosts(site) else "",
            external_ids=chassis.switch_settings(site, node, DATA_BRIDGE),
        ),
        mirror=LocalMirror(
            label=mirror_label(site.name, node),
            backend=site.disk_layout.local_raid,
            disks=wanted.disks.local,
            mount=MIRROR_MOUNT,
            wipe=wanted.wipe,
        ),
        osd_disks=wanted.disks.osd,
        image_cache_bytes=site.disk_layout.image_cache_gib * _GIB,
        services=tuple(it for fragment in fragments for it in fragment.services),
        programs=tuple(it for fragment in fragments for it in fragment.programs),
        reloadable=tuple(it for fragment in fragments for it in fragment.reloadable),
        time_servers=tuple(dict.fromkeys((str(site.boot_node.address), *site.ntp))),
    )


def _interface(site: Site, node: str, name: NetworkName) -> Interface:
    network = site.networks.get(name)
    virtual: tuple[str, ...] = ()
    if name is NetworkName.SERVICE and node in control_hosts(site):
        virtual = (f"{virtual_address(site)}/32",)
    return Interface(name.value, network.vid, node_cidr(site, node, name), network.mtu, virtual)


def _one_owner(files: Iterable[File]) -> tuple[File, ...]:
    """The files by path. Two services that both write one path are a mistake of ours: say so."""
    owned: dict[str, File] = {}
    for file in files:
        if file.path in owned:
            raise ValueError(f"two services own {file.path}")
        owned[file.path] = file
    return tuple(owned[path] for path in sorted(owned))

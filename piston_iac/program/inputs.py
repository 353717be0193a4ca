"""From a site to the inputs of each resource. Pure: no resource is made and no device is asked."""

from __future__ import annotations

from collections.abc import Iterable

from piston_iac.boot_node.settings import Host, HostKind, Settings
from piston_iac.devices.bmc.protocol import Power
from piston_iac.dynamic_providers.access import Access
from piston_iac.dynamic_providers.bare_metal_node import NodeInputs
from piston_iac.dynamic_providers.boot_image import BootImageInputs
from piston_iac.dynamic_providers.boot_node import BootNodeInputs
from piston_iac.dynamic_providers.ceph_cluster import CephClusterInputs
from piston_iac.dynamic_providers.ceph_pool import CephPoolInputs
from piston_iac.dynamic_providers.ipmi_credential import CredentialInputs
from piston_iac.dynamic_providers.switch_port import PortInputs
from piston_iac.dynamic_providers.switch_route import RouteInputs
from piston_iac.dynamic_providers.switch_vlan import VlanInputs
from piston_iac.micro_os.release import IMAGE, Manifest
from piston_iac.plan.ceph import fields as ceph_fields
from piston_iac.plan.ceph import pools as ceph_pools
from piston_iac.plan.ceph.caps import ADMIN
from piston_iac.plan.ceph.layout import mon_hosts, nodes_by_number
from piston_iac.plan.ceph.wanted import keys, wanted_cluster, wanted_pool
from piston_iac.plan.cloud.hosts import control_hosts, ovn_hosts
from piston_iac.plan.documents import node_document
from piston_iac.plan.node_fields import wanted_fields
from piston_iac.site.addresses import node_address, svi_cidr, uplink_cidr
from piston_iac.site.schema import DATA_NETWORKS, NetworkName, PoolName, Site
from piston_iac.trust.authority import operator_identity, site_authority
from piston_iac.trust.derive import bmc_password, break_glass_password

_BOOT_SERVICES = ("piston-dnsmasq.service", "chrony.service")
# Reads are many and in parallel; a dead device must not hold up a preview.
_LOOK_S = 6.0
# A look at the cluster asks every node, and then the mons.
_CLUSTER_LOOK_S = 20.0
_TRANSIT_MTU = 1500


def access(site: Site) -> Access:
    """The operator's way in to the boot node and the agents."""
    identity = operator_identity(site.seed, site.name)
    return Access(
        ca_pem=site_authority(site.seed, site.name).certificate_pem,
        certificate_pem=identity.certificate_pem,
        key_pem=identity.key_pem.get_secret_value(),
    )


def management_vlan(site: Site) -> VlanInputs:
    """The one VLAN of the management switch."""
    network = site.networks.management
    return VlanInputs(
        site=site.name,
        timeout_s=_LOOK_S,
        switch="management",
        address=site.switches.management.address,
        vid=network.vid,
        network=NetworkName.MANAGEMENT.value,
        gateway="",
        mtu=network.mtu,
    )


def data_vlans(site: Site) -> list[VlanInputs]:
    """The four logical networks and the transit network of the data switch."""
    uplink = site.switches.data.uplink
    declared = [
        (site.networks.get(name).vid, name.value, svi_cidr(site, name), site.networks.get(name).mtu)
        for name in DATA_NETWORKS
    ]
    transit = (uplink.vid, "transit", uplink_cidr(site), _TRANSIT_MTU)
    return [
        VlanInputs(
            site=site.name,
            timeout_s=_LOOK_S,
            switch="data",
            address=site.switches.data.address,
            vid=vid,
            network=network,
            gateway=gateway,
            mtu=mtu,
        )
        for vid, network, gateway, mtu in (*declared, transit)
    ]


def routes(site: Site) -> list[RouteInputs]:
    """The data switch's static routes."""
    data = site.switches.data
    return [
        RouteInputs(
            site=site.name,
            timeout_s=_LOOK_S,
            switch="data",
            address=data.address,
            destination=str(route.destination),
            next_hop=str(route.next_hop),
        )
        for route in data.routes
    ]


def management_port(site: Site, port: str, description: str) -> PortInputs:
    """An access port in the management network."""
    return PortInputs(
        site=site.name,
        timeout_s=_LOOK_S,
        switch="management",
        address=site.switches.management.address,
        port=port,
        vid=site.networks.management.vid,
        description=description,
    )


def uplink_port(site: Site) -> PortInputs:
    """The data switch's port toward the core network: untagged in the transit VLAN."""
    data = site.switches.data
    return PortInputs(
        site=site.name,
        timeout_s=_LOOK_S,
        switch="data",
        address=data.address,
        port=data.uplink.port,
        vid=data.uplink.vid,
        description="core network",
    )


def data_port(site: Site, node: str) -> PortInputs:
    """A node's trunk: all four networks tagged, nothing untagged."""
    return PortInputs(
        site=site.name,
        timeout_s=_LOOK_S,
        switch="data",
        address=site.switches.data.address,
        port=site.nodes[node].data.port,
        vid=0,
        trunk=tuple(sorted(site.networks.get(name).vid for name in DATA_NETWORKS)),
        description=f"{node} data",
    )


def boot_settings(site: Site, manifest: Manifest) -> Settings:
    """What the boot node is to serve."""
    hosts = []
    for name, node in site.nodes.items():
        address = str(node_address(site, name, NetworkName.MANAGEMENT))
        hosts.append(Host(name, node.boot.mac, address, HostKind.NODE))
        hosts.append(Host(f"{name}-bmc", node.bmc.mac, str(node.bmc.address), HostKind.BMC))
    own = site.boot_node.address
    return Settings(
        site=site.name,
        release=site.release,
        sha256=manifest.files[IMAGE].sha256,
        domain=f"{site.name}.piston",
        cidr=str(site.networks.management.cidr),
        address=str(own),
        # The site may name the boot node itself as its resolver and time server.
        dns_upstream=tuple(str(address) for address in site.dns if address != own),
        ntp_upstream=tuple(server for server in site.ntp if server != str(own)),
        hosts=tuple(hosts),
        mtu=site.networks.management.mtu,
    )


def boot_node(site: Site, manifest: Manifest) -> BootNodeInputs:
    """The boot node."""
    return BootNodeInputs(
        site=site.name,
        timeout_s=_LOOK_S,
        address=str(site.boot_node.address),
        access=access(site),
        settings=boot_settings(site, manifest).to_dict(),
        services=dict.fromkeys(_BOOT_SERVICES, "active"),
    )


def boot_image(site: Site, manifest: Manifest) -> BootImageInputs:
    """The release on the boot node."""
    return BootImageInputs(
        site=site.name,
        timeout_s=_LOOK_S,
        address=str(site.boot_node.address),
        access=access(site),
        release=site.release,
        files={name: file.sha256 for name, file in manifest.files.items()},
    )


def _bmc(site: Site, node: str) -> dict[str, object]:
    declared = site.nodes[node].bmc
    password = declared.password or bmc_password(site.seed, node, site.ipmi.generation)
    return {
        "site": site.name,
        "node": node,
        "timeout_s": float(site.timeouts.bmc_s),
        "bmc_address": str(declared.address),
        "user": site.ipmi.user,
        "password": password.get_secret_value(),
        "write_interval_s": site.ipmi.write_interval_s,
    }


def credential(site: Site, node: str) -> CredentialInputs:
    """The accounts of one node's BMC."""
    ipmi = site.ipmi
    rescue = break_glass_password(site.seed, node, ipmi.generation)
    return CredentialInputs.model_validate(
        {
            **_bmc(site, node),
            "generation": ipmi.generation,
            "break_glass_user": ipmi.break_glass_user,
            "break_glass_password": rescue.get_secret_value(),
            "kept_users": ipmi.kept_users,
            "factory_user": ipmi.factory_user,
            "factory_password": ipmi.factory_password.get_secret_value(),
        }
    )


def bare_metal_node(site: Site, node: str) -> NodeInputs:
    """One node."""
    document = node_document(site, node)
    return NodeInputs.model_validate(
        {
            **_bmc(site, node),
            "access": access(site),
            "boot_node_address": str(site.boot_node.address),
            "agent_address": str(node_address(site, node, NetworkName.MANAGEMENT)),
            "boot_mac": site.nodes[node].boot.mac,
            "boot_s": float(site.timeouts.boot_s),
            "converge_s": float(site.timeouts.converge_s),
            "document": document.to_json(),
            "peers": _peers(site, node),
            "power": Power.ON.value,
            **wanted_fields(document),
        }
    )


def _peers(site: Site, node: str) -> dict[str, str]:
    """Who holds the same stores as this node. Not all nodes: growth must change nothing on the others."""
    groups = [hosts for hosts in (control_hosts(site), ovn_hosts(site)) if node in hosts]
    hosts = [it for it in nodes_by_number(site) if any(it in group for group in groups)]
    if not hosts:
        return {}
    return {it: str(node_address(site, it, NetworkName.MANAGEMENT)) for it in hosts if it != node}


def _with_ceph(site: Site, nodes: Iterable[str]) -> dict[str, object]:
    """The way to the cluster, through these nodes."""
    return {
        "site": site.name,
        "timeout_s": _CLUSTER_LOOK_S,
        "access": access(site),
        "admin_key": keys(site)[ADMIN],
        "agents": {node: str(node_address(site, node, NetworkName.MANAGEMENT)) for node in nodes},
        "mon_hosts": mon_hosts(site),
    }


def ceph_cluster(site: Site) -> CephClusterInputs:
    """The cluster storage."""
    wanted = wanted_cluster(site)
    return CephClusterInputs.model_validate(
        {
            **_with_ceph(site, site.nodes),
            "boot_node_address": str(site.boot_node.address),
            "keys": keys(site),
            "deploy_s": float(site.timeouts.boot_s + site.timeouts.converge_s),
            "mon_addresses": wanted.mons,
            "mgr_hosts": wanted.mgrs,
            "osd_hosts": wanted.osds,
            "wipe": wanted.wipe,
            "kept": wanted.kept,
            **ceph_fields.wanted_fields(wanted),
        }
    )


def ceph_pool(site: Site, name: PoolName) -> CephPoolInputs:
    """One pool."""
    wanted = wanted_pool(site, name)
    return CephPoolInputs.model_validate(
        {**_with_ceph(site, mon_hosts(site)), "pool": wanted.name, **ceph_pools.wanted_fields(wanted)}
    )

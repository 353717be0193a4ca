"""Wires the resources of one site. The only place that says what waits for what.

A node waits for its own ports and credentials and for what all nodes share, never for another node, and
the cluster storage waits for none of them in particular: one dead device stops nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi import Resource, ResourceOptions

from piston_iac.dynamic_providers.bare_metal_node import BareMetalNode
from piston_iac.dynamic_providers.boot_image import BootImage
from piston_iac.dynamic_providers.boot_node import BootNode
from piston_iac.dynamic_providers.ceph_cluster import CephCluster
from piston_iac.dynamic_providers.ceph_pool import CephPool
from piston_iac.dynamic_providers.control_plane import ControlPlane
from piston_iac.dynamic_providers.ipmi_credential import IpmiCredential
from piston_iac.dynamic_providers.openstack_service import OpenStackService
from piston_iac.dynamic_providers.switch_port import SwitchPort
from piston_iac.dynamic_providers.switch_route import SwitchRoute
from piston_iac.dynamic_providers.switch_vlan import SwitchVlan
from piston_iac.micro_os.release import Manifest
from piston_iac.plan.services import cinder, glance, rgw
from piston_iac.plan.services.catalogue import api_services
from piston_iac.program import control_inputs, inputs
from piston_iac.site.schema import PoolName, Site


def _after(*resources: Resource) -> ResourceOptions:
    return ResourceOptions(depends_on=list(resources))


def build(site: Site, manifest: Manifest) -> None:
    """Make all resources of the site."""
    management = _management_vlan(site)
    vlans = [SwitchVlan(f"{vlan.switch}-vlan{vlan.vid}", vlan) for vlan in inputs.data_vlans(site)]
    routes = _way_out(site, vlans)
    boot_port = _management_port(site, site.boot_node.port, "boot node", management)
    boot_node = BootNode("boot-node", inputs.boot_node(site, manifest), _after(boot_port))
    image = BootImage(f"image-{site.release}", inputs.boot_image(site, manifest), _after(boot_node))
    for node in site.nodes:
        _node(site, node, management, vlans, [*vlans, *routes, boot_node, image])
    # Not after the nodes: it waits for enough of them, and a dead one keeps nobody from having storage.
    cluster = CephCluster("ceph", inputs.ceph_cluster(site), _after(*vlans, *routes, boot_node, image))
    pools = {}
    for pool in PoolName:
        pools[pool] = CephPool(f"pool-{pool.value}", inputs.ceph_pool(site, pool), _after(cluster))
    if site.control_plane:
        # As the storage, it waits for enough of its hosts.
        control = ControlPlane(
            "control-plane", control_inputs.control_plane(site), _after(*vlans, *routes, boot_node, image)
        )
        _services(site, control, pools)
    pulumi.export("nodes", list(site.nodes))
    pulumi.export("bootNode", f"http://{site.boot_node.address}:8080/")


_POOLS = {
    glance.SERVICE.name: (PoolName.IMAGES,),
    cinder.SERVICE.name: (PoolName.VOLUMES, PoolName.BACKUPS),
    rgw.SERVICE.name: (PoolName.OBJECTS,),
}


def _services(site: Site, control: Resource, pools: Mapping[PoolName, Resource]) -> None:
    """Identity first: the others need its accounts. Some keep what they have in pools."""
    identity, *others = api_services(site)
    keystone = OpenStackService(
        identity.name, control_inputs.openstack_service(site, identity), _after(control)
    )
    for service in others:
        needs = [keystone, *(pools[name] for name in _POOLS.get(service.name, ()))]
        OpenStackService(service.name, control_inputs.openstack_service(site, service), _after(*needs))


def _management_vlan(site: Site) -> SwitchVlan:
    """The VLAN that we ourselves come in by: it stays when the stack is destroyed."""
    vlan = inputs.management_vlan(site)
    return SwitchVlan(f"{vlan.switch}-vlan{vlan.vid}", vlan, ResourceOptions(retain_on_delete=True))


def _management_port(site: Site, port: str, description: str, vlan: Resource) -> SwitchPort:
    return SwitchPort(f"management-{port}", inputs.management_port(site, port, description), _after(vlan))


def _way_out(site: Site, vlans: Sequence[Resource]) -> list[Resource]:
    """VLANs and SVIs first, then the uplink port, then the routes that go through it."""
    uplink = inputs.uplink_port(site)
    port = SwitchPort(f"data-{uplink.port}", uplink, _after(*vlans))
    routes = [
        SwitchRoute(f"data-route-{route.destination.replace('/', '-')}", route, _after(port))
        for route in inputs.routes(site)
    ]
    return [port, *routes]


def _node(
    site: Site, node: str, management: Resource, vlans: Sequence[Resource], shared: Sequence[Resource]
) -> None:
    declared = site.nodes[node]
    bmc_port = _management_port(site, declared.bmc.port, f"{node} BMC", management)
    boot_port = _management_port(site, declared.boot.port, f"{node} boot", management)
    trunk = inputs.data_port(site, node)
    data_port = SwitchPort(f"data-{trunk.port}", trunk, _after(*vlans))
    credential = IpmiCredential(f"{node}-bmc", inputs.credential(site, node), _after(bmc_port))
    BareMetalNode(
        node,
        inputs.bare_metal_node(site, node),
        _after(credential, boot_port, data_port, *shared),
    )

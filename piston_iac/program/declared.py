"""Which resources does a site become, on which device is each, and what does it wait for? Pure.

The only place that says what waits for what. A node waits for its own ports and credentials and for what all
nodes share, never for another node, and the cluster storage and the control plane wait for none of them in
particular: one dead device stops nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from piston_iac.dynamic_providers.bare_metal_node import BareMetalNodeProvider
from piston_iac.dynamic_providers.boot_image import BootImageProvider
from piston_iac.dynamic_providers.boot_node import BootNodeProvider
from piston_iac.dynamic_providers.ceph_cluster import CephClusterProvider
from piston_iac.dynamic_providers.ceph_pool import CephPoolProvider
from piston_iac.dynamic_providers.cloud_check import CloudCheckProvider
from piston_iac.dynamic_providers.cloud_defaults import CloudDefaultsProvider
from piston_iac.dynamic_providers.control_plane import ControlPlaneProvider
from piston_iac.dynamic_providers.converging import Converging, Inputs
from piston_iac.dynamic_providers.ipmi_credential import IpmiCredentialProvider
from piston_iac.dynamic_providers.openstack_service import OpenStackServiceProvider
from piston_iac.dynamic_providers.ovn_central import OvnCentralProvider
from piston_iac.dynamic_providers.preconditions import PreconditionsProvider
from piston_iac.dynamic_providers.switch_port import PortInputs, SwitchPortProvider
from piston_iac.dynamic_providers.switch_route import SwitchRouteProvider
from piston_iac.dynamic_providers.switch_vlan import SwitchVlanProvider, VlanInputs
from piston_iac.micro_os.release import Manifest
from piston_iac.plan.services import cinder, glance, neutron, nova, rgw
from piston_iac.plan.services.catalogue import api_services
from piston_iac.program import check_inputs, control_inputs, inputs
from piston_iac.site.schema import PoolName, Site

# Where services keep what they have.
_POOLS = {
    glance.SERVICE.name: (PoolName.IMAGES,),
    cinder.SERVICE.name: (PoolName.VOLUMES, PoolName.BACKUPS),
    rgw.SERVICE.name: (PoolName.OBJECTS,),
}
BOOT_NODE, CEPH, CONTROL_PLANE = "boot node", "Ceph", "control plane"


@dataclass(frozen=True)
class Declared:
    """One resource: its name in the stack, where it is, and how it is looked at.

    `node`: the node that it is a part of, empty for what all share; `after`: names of those it waits for;
    `stays`: also when the stack is destroyed.
    """

    name: str
    device: str
    node: str
    provider: Converging[Any]
    inputs: Inputs
    after: tuple[str, ...] = ()
    stays: bool = False

    @property
    def kind(self) -> str:
        """`SwitchPort`, as in the resource's type."""
        return type(self.provider).__name__.removesuffix("Provider")


def switch_device(switch: str) -> str:
    """`switch data`."""
    return f"switch {switch}"


def bmc_device(node: str) -> str:
    """`BMC of n1`."""
    return f"BMC of {node}"


def bmc_name(node: str) -> str:
    """The name of the resource of a node's BMC."""
    return f"{node}-bmc"


def declared(site: Site, manifest: Manifest | None) -> list[Declared]:
    """Everything that the site's stack is made of, each behind what it waits for.

    Args:
        manifest: of the site's release. None: this machine does not have it, so what follows from its
            digests (boot node and image) cannot be compared and is left out.
    """
    # By it we ourselves come in.
    management = _vlan(inputs.management_vlan(site), stays=True)
    vlans = [_vlan(vlan) for vlan in inputs.data_vlans(site)]
    way_out = list(_way_out(site, vlans))
    boot = list(_boot(site, manifest, management))
    first = list(_preconditions(site))
    data, shared = _names(vlans), _names((*vlans, *way_out, *boot[1:]))
    found = [management, *vlans, *way_out, *boot, *first]
    for node in site.nodes:
        found += _node(site, node, management, data, (*shared, *_names(first)))
    guest = manifest.guest if manifest else ""
    return [*found, *_storage(site, shared), *_control_plane(site, shared, guest)]


def _names(resources: Iterable[Declared]) -> tuple[str, ...]:
    return tuple(it.name for it in resources)


def _vlan(vlan: VlanInputs, *, stays: bool = False) -> Declared:
    name = f"{vlan.switch}-vlan{vlan.vid}"
    return Declared(name, switch_device(vlan.switch), "", SwitchVlanProvider(), vlan, stays=stays)


def _port(port: PortInputs, after: tuple[str, ...], node: str = "") -> Declared:
    name = f"{port.switch}-{port.port}"
    return Declared(name, switch_device(port.switch), node, SwitchPortProvider(), port, after)


def _way_out(site: Site, vlans: Iterable[Declared]) -> Iterator[Declared]:
    """VLANs and SVIs first, then the uplink port, then the routes that go through it."""
    uplink = _port(inputs.uplink_port(site), _names(vlans))
    yield uplink
    for route in inputs.routes(site):
        name = f"data-route-{route.destination.replace('/', '-')}"
        yield Declared(name, switch_device(route.switch), "", SwitchRouteProvider(), route, (uplink.name,))


def _boot(site: Site, manifest: Manifest | None, management: Declared) -> Iterator[Declared]:
    """The boot node's port first, then itself, then the image that it serves."""
    port = _port(inputs.management_port(site, site.boot_node.port, BOOT_NODE), (management.name,))
    yield port
    if manifest is None:
        return
    given = inputs.boot_node(site, manifest)
    boot_node = Declared("boot-node", BOOT_NODE, "", BootNodeProvider(), given, (port.name,))
    yield boot_node
    image = inputs.boot_image(site, manifest)
    yield Declared(f"image-{site.release}", BOOT_NODE, "", BootImageProvider(), image, (boot_node.name,))


def _preconditions(site: Site) -> Iterator[Declared]:
    """It waits for nobody: it refuses what the cloud would not survive before anything is changed."""
    if site.control_plane:
        given = control_inputs.preconditions(site)
        yield Declared("preconditions", CONTROL_PLANE, "", PreconditionsProvider(), given)


def _node(
    site: Site, node: str, management: Declared, data: tuple[str, ...], shared: tuple[str, ...]
) -> Iterator[Declared]:
    spec, behind = site.nodes[node], (management.name,)
    bmc_port = _port(inputs.management_port(site, spec.bmc.port, f"{node} BMC"), behind, node)
    boot_port = _port(inputs.management_port(site, spec.boot.port, f"{node} boot"), behind, node)
    data_port = _port(inputs.data_port(site, node), data, node)
    given = inputs.credential(site, node)
    bmc = Declared(bmc_name(node), bmc_device(node), node, IpmiCredentialProvider(), given, (bmc_port.name,))
    yield from (bmc_port, boot_port, data_port, bmc)
    after = (*_names((bmc, boot_port, data_port)), *shared)
    yield Declared(node, node, node, BareMetalNodeProvider(), inputs.bare_metal_node(site, node), after)


def _pool(pool: PoolName) -> str:
    return f"pool-{pool.value}"


def _storage(site: Site, shared: tuple[str, ...]) -> Iterator[Declared]:
    """Not after the nodes: it waits for enough of them, and a dead one keeps nobody from having storage."""
    cluster = Declared("ceph", CEPH, "", CephClusterProvider(), inputs.ceph_cluster(site), shared)
    yield cluster
    for pool in PoolName:
        given = inputs.ceph_pool(site, pool)
        yield Declared(_pool(pool), CEPH, "", CephPoolProvider(), given, (cluster.name,))


def _control_plane(site: Site, shared: tuple[str, ...], guest: str) -> Iterator[Declared]:
    """As the storage, it waits for enough of its hosts. Identity is its first service: the others need it."""
    if site.control_plane is None:
        return
    given = control_inputs.control_plane(site)
    control = Declared("control-plane", CONTROL_PLANE, "", ControlPlaneProvider(), given, shared)
    yield control
    ovn = control_inputs.ovn_central(site)
    ovn_central = Declared("ovn-central", CONTROL_PLANE, "", OvnCentralProvider(), ovn, shared)
    yield ovn_central
    services = api_services(site)
    identity = services[0]
    for service in services:
        after = [control.name] if service is identity else [identity.name]
        after += [ovn_central.name] if service is neutron.SERVICE else []
        # It waits for that one's schema.
        after += [nova.SERVICE.name] if service is nova.METADATA else []
        after += [_pool(name) for name in _POOLS.get(service.name, ())]
        yield Declared(
            service.name,
            CONTROL_PLANE,
            "",
            OpenStackServiceProvider(),
            control_inputs.openstack_service(site, service),
            tuple(after),
        )
    if site.cloud is None:
        return
    given_by = (neutron.SERVICE, nova.SERVICE, cinder.SERVICE, glance.SERVICE)
    behind = tuple(it.name for it in given_by)
    made = control_inputs.cloud_defaults(site, site.cloud, guest)
    cloud_defaults = Declared("cloud-defaults", CONTROL_PLANE, "", CloudDefaultsProvider(), made, behind)
    yield cloud_defaults
    # Last of all: it uses everything.
    whole = (*(it.name for it in services), cloud_defaults.name)
    check = check_inputs.cloud_check(site)
    yield Declared("cloud-check", CONTROL_PLANE, "", CloudCheckProvider(), check, whole)

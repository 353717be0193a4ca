"""Which resources does a site declare, and on which device is each? Pure: the same that the graph makes.

`program.graph` alone says what waits for what; a test keeps names, kinds and inputs of both the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from piston_iac.dynamic_providers.bare_metal_node import BareMetalNodeProvider
from piston_iac.dynamic_providers.boot_image import BootImageProvider
from piston_iac.dynamic_providers.boot_node import BootNodeProvider
from piston_iac.dynamic_providers.ceph_cluster import CephClusterProvider
from piston_iac.dynamic_providers.ceph_pool import CephPoolProvider
from piston_iac.dynamic_providers.control_plane import ControlPlaneProvider
from piston_iac.dynamic_providers.converging import Converging, Inputs
from piston_iac.dynamic_providers.ipmi_credential import IpmiCredentialProvider
from piston_iac.dynamic_providers.openstack_service import OpenStackServiceProvider
from piston_iac.dynamic_providers.switch_port import PortInputs, SwitchPortProvider
from piston_iac.dynamic_providers.switch_route import SwitchRouteProvider
from piston_iac.dynamic_providers.switch_vlan import SwitchVlanProvider, VlanInputs
from piston_iac.micro_os.release import Manifest
from piston_iac.plan.services.catalogue import api_services
from piston_iac.program import control_inputs, inputs
from piston_iac.site.schema import PoolName, Site

BOOT_NODE, CEPH, CONTROL_PLANE = "boot node", "Ceph", "control plane"


@dataclass(frozen=True)
class Declared:
    """One resource: its name in the stack, where it is, and how it is looked at.

    `node`: the node that it is a part of, empty for what all share.
    """

    name: str
    device: str
    node: str
    provider: Converging[Any]
    inputs: Inputs

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
    """Everything that the site's stack is made of, in the order of the graph.

    Args:
        manifest: of the site's release. None: this machine does not have it, so what follows from its
            digests (boot node and image) cannot be compared and is left out.
    """
    shared = (*_network(site), *_boot(site, manifest))
    return [*shared, *_nodes(site), *_storage(site), *_control_plane(site)]


def _vlan(vlan: VlanInputs) -> Declared:
    return Declared(
        f"{vlan.switch}-vlan{vlan.vid}", switch_device(vlan.switch), "", SwitchVlanProvider(), vlan
    )


def _port(port: PortInputs, node: str = "") -> Declared:
    return Declared(
        f"{port.switch}-{port.port}", switch_device(port.switch), node, SwitchPortProvider(), port
    )


def _network(site: Site) -> Iterator[Declared]:
    yield _vlan(inputs.management_vlan(site))
    for vlan in inputs.data_vlans(site):
        yield _vlan(vlan)
    yield _port(inputs.uplink_port(site))
    for route in inputs.routes(site):
        name = f"data-route-{route.destination.replace('/', '-')}"
        yield Declared(name, switch_device(route.switch), "", SwitchRouteProvider(), route)
    yield _port(inputs.management_port(site, site.boot_node.port, BOOT_NODE))


def _boot(site: Site, manifest: Manifest | None) -> Iterator[Declared]:
    if manifest is not None:
        yield Declared("boot-node", BOOT_NODE, "", BootNodeProvider(), inputs.boot_node(site, manifest))
        image = inputs.boot_image(site, manifest)
        yield Declared(f"image-{site.release}", BOOT_NODE, "", BootImageProvider(), image)


def _nodes(site: Site) -> Iterator[Declared]:
    for node, spec in site.nodes.items():
        yield _port(inputs.management_port(site, spec.bmc.port, f"{node} BMC"), node)
        yield _port(inputs.management_port(site, spec.boot.port, f"{node} boot"), node)
        yield _port(inputs.data_port(site, node), node)
        credential = inputs.credential(site, node)
        yield Declared(bmc_name(node), bmc_device(node), node, IpmiCredentialProvider(), credential)
        yield Declared(node, node, node, BareMetalNodeProvider(), inputs.bare_metal_node(site, node))


def _storage(site: Site) -> Iterator[Declared]:
    yield Declared("ceph", CEPH, "", CephClusterProvider(), inputs.ceph_cluster(site))
    for pool in PoolName:
        yield Declared(f"pool-{pool.value}", CEPH, "", CephPoolProvider(), inputs.ceph_pool(site, pool))


def _control_plane(site: Site) -> Iterator[Declared]:
    if site.control_plane is None:
        return
    control = control_inputs.control_plane(site)
    yield Declared("control-plane", CONTROL_PLANE, "", ControlPlaneProvider(), control)
    for service in api_services(site):
        given = control_inputs.openstack_service(site, service)
        yield Declared(service.name, CONTROL_PLANE, "", OpenStackServiceProvider(), given)

"""One node's worth of a site: all seven kinds of resource, as the product's own program feeds them."""

from __future__ import annotations

import pulumi
from pulumi import Resource, ResourceOptions
from pulumi.runtime.config import CONFIG

from piston_iac.dynamic_providers.bare_metal_node import BareMetalNode
from piston_iac.dynamic_providers.boot_image import BootImage
from piston_iac.dynamic_providers.boot_node import BootNode
from piston_iac.dynamic_providers.ipmi_credential import IpmiCredential
from piston_iac.dynamic_providers.switch_port import SwitchPort
from piston_iac.dynamic_providers.switch_route import SwitchRoute
from piston_iac.dynamic_providers.switch_vlan import SwitchVlan
from piston_iac.micro_os.release import read_manifest
from piston_iac.program import inputs
from piston_iac.site.load import load_config

NODE = "n1"


def after(*resources: Resource) -> ResourceOptions:
    return ResourceOptions(depends_on=list(resources))


site = load_config(pulumi.get_stack(), CONFIG.get())
manifest = read_manifest(site.release)
assert manifest, "build the image first: make image"
node = site.nodes[NODE]

# It carries the switches' own addresses: the way in is never taken away.
management = SwitchVlan("mgmt-vlan", inputs.management_vlan(site), ResourceOptions(retain_on_delete=True))
vlans = [SwitchVlan(f"data-{vlan.network}", vlan) for vlan in inputs.data_vlans(site)]


def management_port(port: str) -> SwitchPort:
    return SwitchPort(f"port-{port}", inputs.management_port(site, port, port), after(management))


boot_port = management_port(site.boot_node.port)
node_port = management_port(node.boot.port)
bmc_port = management_port(node.bmc.port)
uplink = SwitchPort("port-core", inputs.uplink_port(site), after(*vlans))
trunk = SwitchPort("port-trunk", inputs.data_port(site, NODE), after(*vlans))
routes = [SwitchRoute("route", route, after(uplink)) for route in inputs.routes(site)]

boot_node = BootNode("boot-node", inputs.boot_node(site, manifest), after(boot_port))
image = BootImage("image", inputs.boot_image(site, manifest), after(boot_node))
credential = IpmiCredential("bmc", inputs.credential(site, NODE), after(bmc_port))
BareMetalNode(
    NODE,
    inputs.bare_metal_node(site, NODE),
    after(credential, node_port, trunk, image, *routes, *vlans),
)

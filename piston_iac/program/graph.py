"""Makes the resources of one site, as `declared` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
from pulumi import Output, Resource, ResourceOptions

from piston_iac.dynamic_providers.bare_metal_node import BareMetalNode
from piston_iac.dynamic_providers.boot_image import BootImage
from piston_iac.dynamic_providers.boot_node import BootNode
from piston_iac.dynamic_providers.ceph_cluster import CephCluster
from piston_iac.dynamic_providers.ceph_pool import CephPool
from piston_iac.dynamic_providers.cloud_check import CloudCheck
from piston_iac.dynamic_providers.cloud_defaults import CloudDefaults
from piston_iac.dynamic_providers.control_plane import ControlPlane
from piston_iac.dynamic_providers.ipmi_credential import IpmiCredential
from piston_iac.dynamic_providers.openstack_service import OpenStackService
from piston_iac.dynamic_providers.ovn_central import OvnCentral
from piston_iac.dynamic_providers.preconditions import Preconditions
from piston_iac.dynamic_providers.switch_port import SwitchPort
from piston_iac.dynamic_providers.switch_route import SwitchRoute
from piston_iac.dynamic_providers.switch_vlan import SwitchVlan
from piston_iac.micro_os.release import Manifest
from piston_iac.plan.cloud.clouds_yaml import cloud_ca, clouds_yaml, dashboard_url
from piston_iac.plan.cloud.default_network import NAME as PUBLIC_NETWORK
from piston_iac.program.declared import declared
from piston_iac.site.schema import Site

_KINDS: dict[str, Callable[[str, Any, ResourceOptions], Resource]] = {
    "BareMetalNode": BareMetalNode,
    "BootImage": BootImage,
    "BootNode": BootNode,
    "CephCluster": CephCluster,
    "CephPool": CephPool,
    "CloudDefaults": CloudDefaults,
    "CloudCheck": CloudCheck,
    "ControlPlane": ControlPlane,
    "IpmiCredential": IpmiCredential,
    "OpenStackService": OpenStackService,
    "OvnCentral": OvnCentral,
    "Preconditions": Preconditions,
    "SwitchPort": SwitchPort,
    "SwitchRoute": SwitchRoute,
    "SwitchVlan": SwitchVlan,
}


def build(site: Site, manifest: Manifest) -> None:
    """Make all resources of the site."""
    made: dict[str, Resource] = {}
    for it in declared(site, manifest):
        after = [made[name] for name in it.after]
        options = ResourceOptions(depends_on=after, retain_on_delete=it.stays or None)
        made[it.name] = _KINDS[it.kind](it.name, it.inputs, options)
    pulumi.export("nodes", list(site.nodes))
    pulumi.export("bootNode", f"http://{site.boot_node.address}:8080/")
    if site.cloud:
        _tell_users_of_it(site)


def _tell_users_of_it(site: Site) -> None:
    """What other stacks and OpenStack's own clients need. `cloudsYaml` names a file with `cloudCa` in it."""
    pulumi.export("publicNetwork", PUBLIC_NETWORK)
    pulumi.export("dashboardUrl", dashboard_url(site))
    pulumi.export("cloudCa", cloud_ca(site))
    pulumi.export("cloudsYaml", Output.secret(clouds_yaml(site)))

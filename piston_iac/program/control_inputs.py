"""From a site to the inputs of the control plane and its services. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netaddr import IPAddress

from piston_iac import cloud_layout as layout
from piston_iac.dynamic_providers.cloud_defaults import CloudDefaultsInputs
from piston_iac.dynamic_providers.control_plane import ControlPlaneInputs
from piston_iac.dynamic_providers.ovn_central import OvnCentralInputs
from piston_iac.dynamic_providers.preconditions import PreconditionsInputs
from piston_iac.dynamic_providers.service_inputs import OpenStackServiceInputs
from piston_iac.plan.cloud import catalogue, default_flavors, default_quota, defaults, fields, ovn, settings
from piston_iac.plan.cloud.api_service import ApiService
from piston_iac.plan.cloud.default_flavors import WantedFlavor
from piston_iac.plan.cloud.default_network import WantedNetwork
from piston_iac.plan.cloud.health import wanted_apis
from piston_iac.plan.cloud.hosts import (
    compute_hosts,
    control_hosts,
    declared,
    members,
    ovn_hosts,
    ovn_members,
    virtual_address,
)
from piston_iac.plan.cloud.units import wanted_units
from piston_iac.plan.services import balancer, neutron
from piston_iac.plan.services.catalogue import api_services
from piston_iac.program.inputs import access
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import Cloud, NetworkName, Site
from piston_iac.trust.certificates import digest
from piston_iac.trust.derive import service_password

# A look asks every host, and each of them all services that it has.
_LOOK_S = 20.0


def way(site: Site, hosts: Iterable[str]) -> dict[str, object]:
    """How the hosts are reached, for any resource that they hold."""
    return {
        "site": site.name,
        "timeout_s": _LOOK_S,
        "access": access(site),
        "hosts": addresses(site, hosts),
        "boot_node_address": str(site.boot_node.address),
    }


def addresses(site: Site, nodes: Iterable[str]) -> dict[str, str]:
    """Where the nodes' agents answer."""
    return {node: str(node_address(site, node, NetworkName.MANAGEMENT)) for node in nodes}


def administrator(site: Site) -> dict[str, object]:
    """Who asks the services."""
    return {
        "admin_user": site.dashboard.user,
        "admin_password": site.dashboard.password.get_secret_value(),
    }


def control_plane(site: Site) -> ControlPlaneInputs:
    """The redundant core."""
    served = {host: digest(balancer.identity(site, host).certificate_pem) for host in control_hosts(site)}
    wanted = fields.WantedControlPlane(members(site), str(virtual_address(site)), served)
    return ControlPlaneInputs.model_validate(
        {
            **way(site, control_hosts(site)),
            "members": members(site),
            "address": wanted.address,
            "served": served,
            "deploy_s": float(site.timeouts.boot_s + site.timeouts.converge_s),
            **fields.wanted_fields(wanted),
        }
    )


def ovn_central(site: Site) -> OvnCentralInputs:
    """OVN's databases."""
    return OvnCentralInputs.model_validate(
        {
            **way(site, ovn_hosts(site)),
            "members": ovn_members(site),
            "deploy_s": float(site.timeouts.boot_s + site.timeouts.converge_s),
            **ovn.wanted_fields(ovn_members(site)),
        }
    )


def openstack_service(site: Site, service: ApiService) -> OpenStackServiceInputs:
    """One service."""
    services = api_services(site)
    accounts = [it.name for it in services if it.has_account]
    url = settings.url(site, service.port, service.path)
    region = declared(site).region
    owner = service.databases[0] if service.databases else ""
    return OpenStackServiceInputs.model_validate(
        {
            **way(site, control_hosts(site)),
            "service": service.name,
            "type": service.type,
            "url": url,
            "region": region,
            **administrator(site),
            "databases": service.databases,
            "database_password": service_password(site.seed, f"database/{owner}").get_secret_value(),
            "accounts": {
                name: service_password(site.seed, f"account/{name}").get_secret_value() for name in accounts
            },
            "ports": {it.name: (it.port, it.health) for it in services},
            "schema_release": site.release,
            "api": wanted_apis(control_hosts(site)),
            **_agents(site, service),
            **_entry(service, url, region),
        }
    )


def _agents(site: Site, service: ApiService) -> dict[str, object]:
    """The nodes that its agents are on beside the control hosts, and the fields of what runs on them."""
    if service.agents is None:
        return {"units": wanted_units(control_hosts(site))}
    nodes = compute_hosts(site) if service.agents.compute else ()
    wanted = service.agents.wanted(control_hosts(site), nodes)
    return {
        "nodes": addresses(site, nodes),
        "agents": wanted,
        "units": wanted_units(dict.fromkeys((*control_hosts(site), *nodes))),
    }


def _entry(service: ApiService, url: str, region: str) -> catalogue.Fields:
    """The fields of its place in the catalogue; none where it has none."""
    if not service.type:
        return {}
    account = service.name if service.has_account else ""
    return catalogue.wanted_fields(catalogue.WantedEntry(service.name, service.type, url, region, account))


def preconditions(site: Site) -> PreconditionsInputs:
    """What must hold before nodes are told anything."""
    return PreconditionsInputs.model_validate(
        {
            **way(site, control_hosts(site)),
            **administrator(site),
            "control_hosts": control_hosts(site),
            "ovn_hosts": ovn_hosts(site),
            "root_disks": site.cloud.root_disks if site.cloud else None,
        }
    )


def cloud_defaults(site: Site, cloud: Cloud, image_sha256: str) -> CloudDefaultsInputs:
    """What every project finds. `image_sha256`: of the guest's disk in the release; empty: not known."""
    wanted = defaults.WantedDefaults(
        site.dashboard.user,
        _public_network(site),
        {
            **{
                name: WantedFlavor(it.vcpus, it.ram_mib, it.disk_gib, it.public)
                for name, it in cloud.flavors.items()
            },
            layout.CHECK_FLAVOR: default_flavors.CHECK,
        },
        image_sha256,
        default_quota.limits(cloud.quota),
    )
    return CloudDefaultsInputs.model_validate(
        {
            **way(site, control_hosts(site)),
            **administrator(site),
            "network": wanted.network,
            "sizes": wanted.flavors,
            "image_sha256": image_sha256,
            **defaults.wanted_fields(wanted),
        }
    )


def _public_network(site: Site) -> WantedNetwork:
    public = site.networks.public
    if public.floating is None:
        raise ValueError(f"site {site.name} has no floating range")
    return WantedNetwork(
        neutron.PHYSICAL_NETWORK,
        public.vid,
        public.mtu,
        str(public.cidr),
        str(public.gateway),
        str(IPAddress(public.floating.first)),
        str(IPAddress(public.floating.last)),
    )

"""Networks: Neutron's API, which writes into OVN's databases, and the workers that keep the two in step.

No agent asks it anything: OVN's controllers follow the databases. So it needs no server for their calls.
"""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud import agents, settings
from piston_iac.plan.cloud.api_service import ApiService, Wsgi
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.plan.services import control_service, ovn
from piston_iac.site.schema import Cloud, NetworkName, ServiceName, Site

_USER = "neutron"
_CONF = "/etc/neutron/neutron.conf"
# Its API reads both, and takes no other names.
_LAYER_2_CONF = "/etc/neutron/plugins/ml2/ml2_conf.ini"
_STATE = "/var/lib/neutron"
# More than a site has networks. Neutron writes a row for each at its first start, and reads all at every one.
_NETWORKS = "1:16384"
PHYSICAL_NETWORK = NetworkName.PUBLIC.value
"""What provider networks name: the data bridge of every node."""
# What OVN's own header takes of a packet at most, bytes.
_GENEVE_HEADER = 38


def fragment(site: Site, node: str) -> Fragment:
    """Neutron of one control host."""
    return control_service.fragment(site, node, SERVICE) if site.cloud else NOTHING


def _files(site: Site, node: str) -> tuple[File, ...]:
    cloud = site.cloud or Cloud()
    sections = settings.joined(
        settings.messages(site, node),
        {
            "DEFAULT": {
                **settings.logs(site, ServiceName.NEUTRON),
                "host": node,
                "core_plugin": "ml2",
                "service_plugins": "ovn-router",
                "auth_strategy": "keystone",
                "state_path": _STATE,
                "rpc_workers": 0,
                "global_physnet_mtu": max(site.networks.cloud.mtu, site.networks.public.mtu),
            },
            "database": settings.database(site, "neutron"),
            "nova": settings.account(site, _USER),
            "oslo_concurrency": {"lock_path": f"{_STATE}/lock"},
            "oslo_middleware": {"enable_proxy_headers_parsing": "true"},
            "oslo_policy": settings.POLICY,
            # The other services keep theirs in their databases; Neutron has no call that sets its own.
            "quotas": {"quota_floatingip": cloud.quota.floating_ips},
        },
        settings.tokens(site, _USER),
    )
    restart = SERVICE.units
    return (
        File(_CONF, settings.ini(sections), mode="0600", restart=restart, secret=True, owner=_USER),
        File(_LAYER_2_CONF, settings.ini(_layer_2(site)), restart=restart),
        settings.policy("neutron", _USER),
    )


def _layer_2(site: Site) -> settings.Sections:
    """Networks of tenants go through tunnels in the cloud network; public ones are VLANs of the bridge."""
    public = site.networks.public
    return {
        "ml2": {
            "mechanism_drivers": "ovn",
            "type_drivers": "geneve,vlan",
            "tenant_network_types": "geneve",
            "extension_drivers": "port_security",
            "overlay_ip_version": 4,
            "path_mtu": site.networks.cloud.mtu,
            "physical_network_mtus": f"{PHYSICAL_NETWORK}:{public.mtu}",
        },
        "ml2_type_geneve": {"vni_ranges": _NETWORKS, "max_header_size": _GENEVE_HEADER},
        "ml2_type_vlan": {"network_vlan_ranges": f"{PHYSICAL_NETWORK}:{public.vid}:{public.vid}"},
        "securitygroup": {"enable_security_group": "true"},
        "ovn": {
            "ovn_nb_connection": ovn.remotes(site, layout.NB),
            "ovn_sb_connection": ovn.remotes(site, layout.SB),
            "ovn_l3_scheduler": "leastloaded",
            "ovn_metadata_enabled": "true",
            "enable_distributed_floating_ip": "false",
        },
    }


SERVICE = ApiService(
    name="neutron",
    type="network",
    port=layout.NEUTRON_PORT,
    health="/",
    user=_USER,
    files=_files,
    wsgi=Wsgi(
        "/usr/bin/neutron-api",
        threads=1,
        processes=2,
        # To load these took 3.4 s of a processor and 155 MB.
        shared=(
            "neutron.cmd.server",
            "neutron.plugins.ml2.plugin",
            "neutron.plugins.ml2.drivers.ovn.mech_driver.mech_driver",
            "neutron.services.ovn_l3.plugin",
        ),
    ),
    daemons=(
        layout.daemon_unit("neutron", "periodic-workers"),
        layout.daemon_unit("neutron", "ovn-maintenance-worker"),
    ),
    databases=("neutron",),
    schema=(("neutron-db-manage", "--config-file", _CONF, "upgrade", "heads"),),
    agents=agents.NETWORK,
)

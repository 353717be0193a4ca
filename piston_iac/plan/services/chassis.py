"""Network on every node: OVN's controller, which programs the node's switch, and the metadata agent.

The switch itself is the agent's: `documents` tells it what OVN's controller reads there.
"""

from __future__ import annotations

import uuid

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.hosts import compute_hosts, virtual_address
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.plan.services import neutron, nova, ovn
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, ServiceName, Site
from piston_iac.trust.cephx import cluster_fsid

INTEGRATION_BRIDGE = "br-int"
_STATE = "/var/lib/neutron"


def fragment(site: Site, node: str) -> Fragment:
    """Both, on every node: each carries machines, and may be the way out of a network."""
    if node not in compute_hosts(site):
        return NOTHING
    restart = (layout.METADATA_UNIT,)
    conf = settings.ini(_agent(site, node))
    return Fragment(
        files=(File(layout.METADATA_CONF, conf, mode="0600", restart=restart, secret=True),),
        units=(layout.CHASSIS_UNIT, layout.METADATA_UNIT),
    )


def switch_settings(site: Site, node: str, bridge: str) -> tuple[tuple[str, str], ...]:
    """External ids of the node's switch, by name. `bridge`: the one that carries all VLANs.

    Source: ovn-controller(8).
    """
    if node not in compute_hosts(site):
        return ()
    return (
        # Neutron and Nova know the node by it.
        ("hostname", node),
        # The chassis stays the same one when the node gets another board.
        ("system-id", str(uuid.uuid5(uuid.UUID(cluster_fsid(site.seed, site.name)), f"chassis/{node}"))),
        ("ovn-bridge", INTEGRATION_BRIDGE),
        ("ovn-bridge-mappings", f"{neutron.PHYSICAL_NETWORK}:{bridge}"),
        ("ovn-cms-options", "enable-chassis-as-gw"),
        ("ovn-encap-ip", str(node_address(site, node, NetworkName.CLOUD))),
        ("ovn-encap-type", "geneve"),
        ("ovn-remote", ovn.remotes(site, layout.SB)),
    )


def _agent(site: Site, node: str) -> settings.Sections:
    return {
        "DEFAULT": {
            **settings.logs(site, ServiceName.NEUTRON),
            "host": node,
            "state_path": _STATE,
            "nova_metadata_protocol": "https",
            "nova_metadata_host": virtual_address(site),
            "nova_metadata_port": layout.METADATA_PORT,
            "auth_ca_cert": layout.WEB_CA,
            "metadata_proxy_shared_secret": nova.metadata_secret(site),
            "metadata_workers": 1,
        },
        # It is root already.
        "agent": {"root_helper": ""},
        "ovs": {"ovsdb_connection": f"unix:{layout.OVS_SOCKET}"},
        "ovn": {"ovn_sb_connection": ovn.remotes(site, layout.SB)},
        # Not where Neutron's other parts have theirs: they are not root.
        "oslo_concurrency": {"lock_path": "/run/metadata-agent"},
    }

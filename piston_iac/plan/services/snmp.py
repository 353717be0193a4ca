"""SNMP: read-only, on the management network, where the site asks for it."""

from __future__ import annotations

from piston_iac.node_document import File
from piston_iac.plan.fragment import Fragment
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, Site

UNIT = "snmpd.service"


def fragment(site: Site, node: str) -> Fragment:
    """The daemon answers the management network only."""
    if site.snmp is None:
        return Fragment((), ())
    management = site.networks.management.cidr
    lines = [
        f"agentaddress udp:{node_address(site, node, NetworkName.MANAGEMENT)}:161",
        f"rocommunity {site.snmp.community.get_secret_value()} {management}",
        f"sysname {node}",
    ]
    if site.snmp.location:
        lines.append(f"syslocation {site.snmp.location}")
    if site.snmp.contact:
        lines.append(f"syscontact {site.snmp.contact}")
    content = "\n".join(lines) + "\n"
    file = File("/etc/snmp/snmpd.conf", content, mode="0600", restart=(UNIT,), secret=True)
    return Fragment((file,), (UNIT,))

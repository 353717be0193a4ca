"""Names: who this node is, and which servers resolve other names."""

from __future__ import annotations

from piston_iac.node_document import File
from piston_iac.plan.fragment import Fragment
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, Site


def fragment(site: Site, node: str) -> Fragment:
    """`/etc/hosts` with the node's own name, `/etc/resolv.conf` with the site's resolvers.

    Other nodes are not in it: a node that joins the site must change nothing on the others. The daemons
    find each other by address.
    """
    domain = f"{site.name}.piston"
    own = node_address(site, node, NetworkName.SERVICE)
    hosts = ["127.0.0.1 localhost", f"{own} {node}.{domain} {node}"]
    # The boot node knows the site's own names; the site's resolvers answer when it is away.
    servers = dict.fromkeys(str(address) for address in (site.boot_node.address, *site.dns))
    resolvers = [f"search {domain}", *(f"nameserver {address}" for address in servers)]
    return Fragment(
        files=(
            File("/etc/hosts", "\n".join(hosts) + "\n"),
            File("/etc/resolv.conf", "\n".join(resolvers) + "\n"),
        ),
        units=(),
    )

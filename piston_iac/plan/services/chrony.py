"""Time: every node follows the boot node and the site's NTP servers."""

from __future__ import annotations

from piston_iac.node_document import File
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

UNIT = "chrony.service"


def fragment(site: Site, node: str) -> Fragment:
    """One whole configuration file. `makestep`: a node may boot with any clock, so the first steps jump."""
    sources = dict.fromkeys((str(site.boot_node.address), *site.ntp))
    servers = "".join(f"server {server} iburst minpoll 2 maxpoll 6\n" for server in sources)
    content = f"{servers}driftfile /var/lib/chrony/chrony.drift\nmakestep 1.0 3\nrtcsync\n"
    return Fragment(files=(File("/etc/chrony/chrony.conf", content, restart=(UNIT,)),), units=(UNIT,))

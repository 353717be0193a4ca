"""OVN's central databases and its translator: on every control host, the databases in Raft."""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Service
from piston_iac.plan.cloud.hosts import control_hosts, members
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

_RETRY_S = 10.0


def remotes(site: Site, database: str) -> str:
    """Where clients find a database: every member."""
    port = layout.OVN_DATABASES[database][1]
    return ",".join(f"tcp:{address}:{port}" for address in members(site).values())


def fragment(site: Site, node: str) -> Fragment:
    """Both servers where their files are; and northd, of which one at a time works."""
    if node not in control_hosts(site):
        return Fragment((), ())
    units = (layout.OVN_NB_UNIT, layout.OVN_SB_UNIT, layout.OVN_NORTHD_UNIT)
    environment = f"OWN={members(site)[node]}\nNB={remotes(site, layout.NB)}\nSB={remotes(site, layout.SB)}\n"
    return Fragment(
        files=(File(layout.OVN_ENVIRONMENT, environment, restart=units),),
        units=(),
        services=(
            Service(
                layout.OVN,
                units,
                path=layout.OVN_READY,
                recover=("python3", "-m", "piston_iac.node_programs.cloud.ovn", "recover"),
                retry_s=_RETRY_S,
            ),
        ),
    )

"""OVN's central databases, in Raft, and its translator: on the control hosts, or on infrastructure hosts."""

from __future__ import annotations

import json

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Program, Service
from piston_iac.plan.cloud.hosts import ovn_hosts, ovn_members
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

_RETRY_S = 10.0
_CALL_S = 60.0
_MODULE = "piston_iac.node_programs.cloud"


def remotes(site: Site, database: str) -> str:
    """Where clients find a database: every member."""
    port = layout.OVN_DATABASES[database][1]
    return ",".join(f"tcp:{address}:{port}" for address in ovn_members(site).values())


def fragment(site: Site, node: str) -> Fragment:
    """Both servers where their files are; and northd, of which one at a time works."""
    if node not in ovn_hosts(site):
        return Fragment((), ())
    units = (layout.OVN_NB_UNIT, layout.OVN_SB_UNIT, layout.OVN_NORTHD_UNIT)
    own = ovn_members(site)[node]
    environment = f"OWN={own}\nNB={remotes(site, layout.NB)}\nSB={remotes(site, layout.SB)}\n"
    access = {"node": node, "own": own, "members": ovn_members(site)}
    return Fragment(
        files=(
            File(layout.OVN_ENVIRONMENT, environment, restart=units),
            File(layout.OVN_ACCESS, json.dumps(access, indent=1, sort_keys=True) + "\n"),
        ),
        units=(),
        services=(
            Service(
                layout.OVN,
                units,
                path=layout.OVN_READY,
                recover=("python3", "-m", f"{_MODULE}.ovn", "recover"),
                retry_s=_RETRY_S,
            ),
        ),
        programs=(
            _program(layout.OVN_LOOK, "look", writes=False),
            _program(layout.OVN_BOOTSTRAP, "first", writes=True),
            _program(layout.OVN_DROP, "drop", writes=True),
        ),
    )


def _program(name: str, verb: str, *, writes: bool) -> Program:
    return Program(name, ("python3", "-m", f"{_MODULE}.ovn_central", verb), writes, _CALL_S)

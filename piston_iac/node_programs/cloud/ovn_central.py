"""What the operator has done to OVN's databases here: `python3 -m ...cloud.ovn_central first|drop|look`.

`first`, in: {"permit"}. Makes both databases with this node alone, which the others then join. It counts once
in the life of a site. Out: {"made": true, false when they were there}.
`drop`, in: {}. Has the clusters forget members on nodes that hold the databases no more. Out: {"dropped":
[addresses]}.
`look`, in: {}. Touches nothing. Out: {database: {"cluster", "status", "leader", "members": [addresses]}}, or
{"fault": why} for one that does not answer.
"""

from __future__ import annotations

import sys
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_agent import units
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_programs.cloud import ovn
from piston_iac.node_programs.mon_store import check_mirror
from piston_iac.node_programs.permit import redeem_permit
from piston_iac.node_programs.program import Answer, Request, alone, converse, leave
from piston_iac.trust.secret import Secret

_LOCK = Path("/run/piston-ovn.lock")


def parse_permit(raw: Request) -> Secret:
    """Read the operator's request: the token that allows it.

    Raises:
        KeyError: it does not fit.
    """
    return Secret(str(raw["permit"]))


def first(permit: Secret) -> Answer:
    """Make what is not there yet, and start it.

    Raises:
        Fault: the permit does not count. ToolFailed: a program refused.
    """
    check_mirror()
    with alone(_LOCK):
        made = not ovn.is_ready()
        if made:
            redeem_permit(layout.OVN_PERMIT, permit)
            ovn.make_first()
            ovn.mark_ready()
        for unit in (layout.OVN_NB_UNIT, layout.OVN_SB_UNIT, layout.OVN_NORTHD_UNIT):
            units.start(unit)
    return {"made": made}


def look() -> Answer:
    """Both databases, each by itself."""
    return {schema: _member(schema) for schema in layout.OVN_DATABASES}


def _member(schema: str) -> Answer:
    try:
        seen = ovn.status(schema)
    except (ToolFailed, OSError) as error:
        return {"fault": " ".join(str(error).split())}
    addresses = sorted(at.split(":")[1] for at in seen.members.values())
    return {"cluster": seen.cluster, "status": seen.status, "leader": seen.leader, "members": addresses}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments == ["first"]:
        return converse(parse_permit, first)
    if arguments == ["drop"]:
        return converse(dict, lambda _: {"dropped": ovn.drop_strangers()})
    if arguments == ["look"]:
        return converse(dict, lambda _: look())
    print("usage: ovn_central first|drop|look", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

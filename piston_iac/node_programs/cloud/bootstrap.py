"""Makes the control plane's stores for the first time: `python3 -m ...cloud.bootstrap first|revive`.

`first`, in: {"permit"}. Database and message bus of this node alone, which the others then join. It counts
once in the life of a site. Out: {"made": true, false when both were there}.
`revive`, in: {}. Has this node's database begin again with the data that it has, after a loss of so many
members that Galera does not dare to. Out: {"revived": the position of its data}.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_agent import units
from piston_iac.node_programs.cloud import galera, rabbitmq
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.mon_store import check_mirror
from piston_iac.node_programs.permit import redeem_permit
from piston_iac.node_programs.program import Answer, Fault, Request, alone, converse, leave
from piston_iac.trust.secret import Secret

_LOCK = Path("/run/piston-control-plane.lock")


@dataclass(frozen=True)
class First:
    """`permit`: the token that allows it."""

    permit: Secret


def parse_first(raw: Request) -> First:
    """Read the operator's request.

    Raises:
        KeyError: it does not fit.
    """
    return First(Secret(str(raw["permit"])))


def first(request: First) -> Answer:
    """Make what is not there yet, and start all of it.

    Raises:
        Fault: the permit does not count. ToolFailed: one of the programs refused.
    """
    check_mirror()
    access = read_access()
    with alone(_LOCK):
        made = not (galera.is_ready() and rabbitmq.is_ready())
        if made:
            redeem_permit(layout.PERMIT, request.permit)
            _make()
        for unit in (layout.GALERA_UNIT, layout.RABBITMQ_UNIT):
            units.start(unit)
        rabbitmq.wait_until_up(access.own)
    return {"made": made}


def _make() -> None:
    if not galera.is_ready():
        galera.make_empty()
        galera.tell_new()
        galera.mark_ready()
    if not rabbitmq.is_ready():
        rabbitmq.make_empty()
        rabbitmq.mark_ready()


def revive() -> Answer:
    """Begin again with what this node has.

    Raises:
        Fault: it has no data. ToolFailed: systemd refused.
    """
    with alone(_LOCK):
        if not galera.is_ready():
            raise Fault("this node has no database to begin with")
        galera.tell_new()
        units.restart(layout.GALERA_UNIT)
        position = Path(layout.GALERA_POSITION)
        return {"revived": position.read_text() if position.exists() else ""}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments == ["first"]:
        return converse(parse_first, first)
    if arguments == ["revive"]:
        return converse(dict, lambda _: revive())
    print("usage: bootstrap first|revive", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

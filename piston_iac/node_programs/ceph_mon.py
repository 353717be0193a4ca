"""The mon of this node: `python3 -m piston_iac.node_programs.ceph_mon bootstrap|recover|leave`.

`bootstrap` makes the first mon of a cluster, once, with a permit of the boot node's.
In: {"node", "fsid", "address", "permit", "entities": {name: {"key", "caps": {daemon: caps}}}}.
Out: {"made": true when a store was made, false when it was there}.
`recover` makes a store anew for a cluster that the other mons have; it never makes a cluster. Exit status 0:
there is a store; 3: there is none, and one line says why.
`leave` gives up the store of a mon that the others removed from their map: such a mon may not start again
(Monitor.cc: "must have been removed"), and `recover` makes it anew. In: {}. Out: {"left": the node}.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from piston_iac import ceph_layout
from piston_iac.node_agent import units
from piston_iac.node_programs.ceph_conf import read_conf, read_key
from piston_iac.node_programs.mon_peers import fetch_monmap
from piston_iac.node_programs.mon_store import (
    MON_ENTITY,
    Entity,
    check_mirror,
    clear_half_made,
    first_monmap,
    give_up,
    is_in,
    make_store,
    ready_fsid,
    without,
)
from piston_iac.node_programs.permit import boot_arguments, redeem_permit
from piston_iac.node_programs.program import Answer, Fault, Request, alone, converse, guarded, leave
from piston_iac.trust.secret import Secret

_STAYS_ABSENT = 3


@dataclass(frozen=True)
class Bootstrap:
    """The first mon: on which node and address, of which cluster, allowed by which permit."""

    node: str
    fsid: str
    address: str
    permit: Secret
    entities: dict[str, Entity]


@dataclass(frozen=True)
class Surroundings:
    """What these programs touch beside Ceph: systemd, and the boot node's permits."""

    start: Callable[[str], None]
    stop: Callable[[str], None]
    redeem: Callable[[Secret], None]


def parse_bootstrap(raw: Request) -> Bootstrap:
    """Read the operator's request.

    Raises:
        KeyError, TypeError, ValueError: it does not fit.
    """
    entities = {str(name): _entity(entry) for name, entry in raw["entities"].items()}
    return Bootstrap(
        str(raw["node"]), str(raw["fsid"]), str(raw["address"]), Secret(str(raw["permit"])), entities
    )


def bootstrap(request: Bootstrap, around: Surroundings) -> Answer:
    """Make the first mon and start it; where its store is whole, only start it.

    Raises:
        Fault: the permit does not count, the mirror is missing, or there is another cluster's store.
        ToolFailed: one of Ceph's tools or systemd refused.
    """
    check_mirror()
    conf = read_conf(ceph_layout.CONF)
    if conf.fsid != request.fsid:
        raise Fault(f"this node's ceph.conf is for cluster {conf.fsid}, not {request.fsid}")
    key = read_key(ceph_layout.MON_KEYRING, MON_ENTITY)
    with alone():
        made = not _is_ready(request.node, request.fsid)
        if made:
            clear_half_made(request.node)
            around.redeem(request.permit)
            monmap = first_monmap(request.node, request.fsid, request.address)
            make_store(request.node, request.fsid, monmap, request.entities, key)
        around.start(ceph_layout.mon_unit(request.node))
    return {"made": made}


def recover(node: str) -> None:
    """Make this node's mon store for the cluster that its peers have.

    Raises:
        Fault: no peers, no quorum, or another cluster. ToolFailed: one of Ceph's tools refused.
    """
    check_mirror()
    conf = read_conf(ceph_layout.CONF)
    key = read_key(ceph_layout.MON_KEYRING, MON_ENTITY)
    with alone(patience_s=0.0):
        if _is_ready(node, conf.fsid):
            return
        monmap = without(fetch_monmap(conf, key), node)
        clear_half_made(node)
        make_store(node, conf.fsid, monmap, {}, key)


def leave_cluster(node: str, around: Surroundings) -> Answer:
    """Stop this node's mon and give its store up: the cluster goes on without it.

    Raises:
        Fault: the other mons do not answer, or their map still names this one.
        ToolFailed: systemd or one of Ceph's tools refused.
    """
    conf = read_conf(ceph_layout.CONF)
    key = read_key(ceph_layout.MON_KEYRING, MON_ENTITY)
    with alone():
        if is_in(fetch_monmap(conf, key), node):
            raise Fault("the other mons still count on this one")
        around.stop(ceph_layout.mon_unit(node))
        give_up(node)
    return {"left": node}


def _is_ready(node: str, fsid: str) -> bool:
    found = ready_fsid(node)
    if found and found != fsid:
        raise Fault(f"this node has a mon store of cluster {found}, not of {fsid}")
    return bool(found)


def _entity(raw: dict[str, Any]) -> Entity:
    return Entity(Secret(str(raw["key"])), {str(daemon): str(caps) for daemon, caps in raw["caps"].items()})


def main(arguments: list[str], around: Surroundings) -> int:
    """Returns the exit status."""
    if arguments == ["bootstrap"]:
        return converse(parse_bootstrap, lambda request: bootstrap(request, around))
    if arguments == ["leave"]:
        return converse(dict, lambda _: leave_cluster(boot_arguments().node, around))
    if arguments == ["recover"]:
        return guarded(lambda: recover(boot_arguments().node), _STAYS_ABSENT)
    print("usage: ceph_mon bootstrap|recover|leave", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(
        main(sys.argv[1:], Surroundings(units.start, units.stop, partial(redeem_permit, ceph_layout.PERMIT)))
    )

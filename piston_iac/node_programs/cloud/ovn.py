"""OVN's databases on this node: `python3 -m piston_iac.node_programs.cloud.ovn recover|tidy`.

Each is a Raft cluster over the nodes that hold them. `recover` makes files for this node, which has none,
that join the clusters of its peers. `tidy` runs after a server has started: once it is a member, it has the
others drop the member that this node was before it lost its files.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_programs.cloud.access import Membership, read_ovn_access
from piston_iac.node_programs.mon_store import check_mirror
from piston_iac.node_programs.program import Fault, guarded, leave
from piston_iac.node_programs.reach import reachable

_DATA = Path(layout.OVN_DATA)
_READY = Path(layout.OVN_READY)
_SCHEMAS = {layout.NB: "/usr/share/ovn/ovn-nb.ovsschema", layout.SB: "/usr/share/ovn/ovn-sb.ovsschema"}
_MEMBER = re.compile(r"^\s+(?P<id>[0-9a-f]{4}) \([0-9a-f]{4} at (?P<at>\S+)\)(?P<rest>.*)$", re.MULTILINE)
_STAYS_ABSENT = 3
_JOIN_S = 60.0
_POLL_S = 0.5


@dataclass(frozen=True)
class RaftStatus:
    """A member's view of one database. `members`: address by short server id; `own`: this one's id.

    `status` is `cluster member` once it has joined; `leader` is empty while there is none; `cluster` is the
    id that the cluster was born with.
    """

    cluster: str
    status: str
    leader: str
    own: str
    members: dict[str, str]


def parse_status(text: str) -> RaftStatus:
    """Read what `ovn-appctl cluster/status` prints. Pure."""
    fields = {
        name.strip(): value.strip()
        for name, sep, value in (line.partition(":") for line in text.splitlines())
        if sep
    }
    leader = fields.get("Leader", "")
    return RaftStatus(
        fields.get("Cluster ID", "").partition("(")[2].rstrip(")"),
        fields.get("Status", ""),
        "" if leader == "unknown" else leader,
        fields.get("Server ID", "").split(" ")[0],
        {match["id"]: match["at"] for match in _MEMBER.finditer(text)},
    )


def status(schema: str) -> RaftStatus:
    """The state of this node's member.

    Raises:
        ToolFailed: the server does not answer.
    """
    return parse_status(_appctl(schema, "cluster/status", schema))


def stale_members(seen: RaftStatus, own_address: str) -> list[str]:
    """Ids of members that have this node's address and are not this server: it lost its files since. Pure."""
    return sorted(id_ for id_, at in seen.members.items() if at == own_address and id_ != seen.own)


def strangers(seen: RaftStatus, addresses: Collection[str]) -> list[str]:
    """Ids of members at addresses that are not wanted: those nodes hold the databases no more. Pure."""
    return sorted(id_ for id_, at in seen.members.items() if at.split(":")[1] not in addresses)


def is_ready() -> bool:
    """Whether this node is a member."""
    return _READY.exists()


def mark_ready() -> None:
    """Say that this node is a member: from now on its units start by themselves."""
    write_atomically(_READY, b"", 0o644)


def make_first() -> None:
    """Files of new clusters with this node alone.

    Raises:
        Fault: the mirror is missing, or there are whole ones. ToolFailed: ovsdb-tool refused.
    """
    _clear()
    own = read_ovn_access().own
    for schema in layout.OVN_DATABASES:
        run("ovsdb-tool", "create-cluster", str(_file(schema)), _SCHEMAS[schema], _raft_address(schema, own))


def recover() -> None:
    """Files that join the clusters of the peers.

    Raises:
        Fault: no peer answers. ToolFailed: ovsdb-tool refused.
    """
    if is_ready():
        return
    access = read_ovn_access()
    peers = {schema: _answering(access, schema) for schema in layout.OVN_DATABASES}
    if not all(peers.values()):
        raise Fault("no other node has OVN's databases running")
    _clear()
    for schema, addresses in peers.items():
        remotes = [_raft_address(schema, address) for address in addresses]
        own = _raft_address(schema, access.own)
        run("ovsdb-tool", "join-cluster", str(_file(schema)), schema, own, *remotes)
    mark_ready()


def tidy(schema: str) -> None:
    """Drop stale members, once this one has joined.

    Raises:
        Fault: it does not join in time.
    """
    own = _raft_address(schema, read_ovn_access().own)
    deadline = Deadline.after(_JOIN_S)
    while not deadline.over():
        try:
            seen = status(schema)
        except ToolFailed:
            deadline.pause(_POLL_S)
            continue
        if seen.status == "cluster member":
            for id_ in stale_members(seen, own):
                _appctl(schema, "cluster/kick", schema, id_)
            return
        deadline.pause(_POLL_S)
    # No majority: the others are still off. The members are what they were.


def drop_strangers() -> list[str]:
    """Have the clusters forget members on nodes that hold the databases no more. Returns their addresses.

    Raises:
        ToolFailed: a server refused.
    """
    wanted = read_ovn_access().members.values()
    dropped = set()
    for schema in layout.OVN_DATABASES:
        seen = status(schema)
        for id_ in strangers(seen, wanted):
            _appctl(schema, "cluster/kick", schema, id_)
            dropped.add(seen.members[id_].split(":")[1])
    return sorted(dropped)


def _clear() -> None:
    check_mirror()
    if is_ready():
        raise Fault("this node has OVN's databases: they are not removed")
    shutil.rmtree(_DATA, ignore_errors=True)
    _DATA.mkdir(mode=0o750, parents=True)


def _file(schema: str) -> Path:
    return _DATA / f"{layout.OVN_DATABASES[schema][0]}.db"


def _raft_address(schema: str, address: str) -> str:
    return f"tcp:{address}:{layout.OVN_DATABASES[schema][2]}"


def _answering(access: Membership, schema: str) -> list[str]:
    port = layout.OVN_DATABASES[schema][2]
    return [address for address, _ in reachable([(it, port) for it in access.peers.values()])]


def _appctl(schema: str, *words: str) -> str:
    short = layout.OVN_DATABASES[schema][0]
    return run("ovs-appctl", "--timeout=5", "-t", f"{layout.OVN_RUN}/ovn{short}_db.ctl", *words)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments == ["recover"]:
        return guarded(recover, _STAYS_ABSENT)
    if len(arguments) == 2 and arguments[0] == "tidy" and arguments[1] in layout.OVN_DATABASES:
        return guarded(lambda: tidy(arguments[1]))
    print("usage: ovn recover | tidy DATABASE", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

"""New clients of a rebuilt cluster must not get the numbers of earlier ones.

OSDs tell a repeated write from a new one by the client's number and a counter that starts at 1, and remember
thousands of them. Mons hand the numbers out, and a rebuilt mon would begin again: seen with 18.2.7, clients
14269, then 10058, then 10007 after a second rebuild. A new client with an old number could have its first
writes taken for done. So the numbers go on from the time in milliseconds, which mons, who skip 10,000 at an
election, do not catch up with. Source: AuthMonitor's Incremental (AuthMonitor.h), type GLOBAL_ID.
"""

from __future__ import annotations

import struct
from pathlib import Path

from piston_iac.node_programs.ceph_tool import ceph_tool
from piston_iac.node_programs.mon_store import content, in_memory

_GLOBAL_ID = 0
_TABLE, _LAST = "auth", "last_committed"
_VERSION = struct.Struct("<Q")


def number_clients_from(data: Path, first: int) -> None:
    """Add to a collected store that client numbers below `first` are taken. Before it is rebuilt.

    Raises:
        ToolFailed: ceph-kvstore-tool refused.
    """
    database = ("rocksdb", str(data / "store.db"))
    with in_memory("version", b"") as fd:
        ceph_tool(
            "ceph-kvstore-tool", *database, "get", _TABLE, _LAST, "out", f"/dev/fd/{fd}", pass_fds=(fd,)
        )
        (last,) = _VERSION.unpack(content(fd))
    with in_memory("numbers", increment(first)) as fd:
        words = ("set", _TABLE, str(last + 1), "in", f"/dev/fd/{fd}")
        ceph_tool("ceph-kvstore-tool", *database, *words, pass_fds=(fd,))
    ceph_tool("ceph-kvstore-tool", *database, "set", _TABLE, _LAST, "ver", str(last + 1))


def increment(first: int) -> bytes:
    """One version of the mons' authentication table, encoded: the numbers below `first` are taken."""
    body = struct.pack("<IQ", _GLOBAL_ID, first)
    # Version of the table's format, then of the entry's, the oldest that reads it, and its length.
    return struct.pack("<BBBI", 1, 2, 2, len(body)) + body

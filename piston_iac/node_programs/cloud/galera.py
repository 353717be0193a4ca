"""The database of this node: `python3 -m piston_iac.node_programs.cloud.galera recover`.

`recover` makes this node, which has no data, a member of the cluster that its peers have; it never makes a
cluster. `galera_start` is what the unit runs.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.tools import run
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.cloud.galera_check import TOLD_NEW, TOLD_POSITION, is_member
from piston_iac.node_programs.cloud.galera_state import (
    recovered_position,
)
from piston_iac.node_programs.mon_store import check_mirror
from piston_iac.node_programs.program import Fault, guarded, leave

_SERVER = "/usr/sbin/mariadbd"
_DATA = Path(layout.GALERA_DATA)
_STAYS_ABSENT = 3
_RECOVER_S = 120.0


def make_empty() -> None:
    """A data directory for the first member: the image's own, which has the schemas of all services.

    Raises:
        Fault: the mirror is missing, or there is a whole one. ToolFailed: it finds no room.
    """
    _fresh_directory()
    run("tar", "--extract", f"--file={layout.EMPTY_DATABASE}", f"--directory={_DATA}", limit_s=_RECOVER_S)
    _give(_DATA)


def tell_new() -> None:
    """Have the server begin a primary component at its next start.

    That counts until it works, which its check sees: a start that fails half-way must not lose it, and a
    later one must not begin a second time.
    """
    write_atomically(TOLD_NEW, b"", 0o600)
    _give(TOLD_NEW)


def prepare_begin(data: Path, position: str) -> None:
    """Have restored data begin the cluster at a position, `<cluster uuid>:<number>`, once it is in place.

    The number is above all that any member had: one that comes back with older data has to fetch all of it.
    """
    cluster = position.partition(":")[0]
    state = f"# GALERA saved state\nversion: 2.1\nuuid:    {cluster}\nseqno:   -1\nsafe_to_bootstrap: 1\n"
    for name, text in {"grastate.dat": state, TOLD_POSITION.name: position, TOLD_NEW.name: ""}.items():
        write_atomically(data / name, text.encode(), 0o660)
        _give(data / name)


def position_of_data() -> str:
    """What this node's data has, as far as its last write, while no server runs; empty for no data.

    Raises:
        ToolFailed: the server does not read it.
    """
    # systemd takes it away when the unit stops, and what reads the data is the database's own user.
    directory = Path(layout.GALERA_POSITION).parent
    directory.mkdir(exist_ok=True)
    _give(directory)
    return _recover_position()


def mark_ready() -> None:
    """Say that this node is a member: from now on its unit starts by itself."""
    write_atomically(Path(layout.GALERA_READY), b"", 0o644)


def is_ready() -> bool:
    """Whether this node is a member."""
    return Path(layout.GALERA_READY).exists()


def recover() -> None:
    """Become a member: the server fetches the data from a peer when it starts.

    Raises:
        Fault: no peer is in the cluster, or the mirror is missing.
    """
    if is_ready():
        return
    refuse_while_parked()
    peers = read_access().peers
    if not any(map(is_member, peers.values())):
        raise Fault("no other control host has the database running")
    _fresh_directory()
    mark_ready()


def refuse_while_parked() -> None:
    """While a restore is under way nothing but itself brings the database back.

    Raises:
        Fault: one is.
    """
    if is_ready():
        return
    if Path(layout.RESTORE_ORDER).exists():
        raise Fault("a restore of the databases is under way: run `piston restore databases SITE` again")


def _fresh_directory() -> None:
    check_mirror()
    if is_ready():
        raise Fault("this node has its database: it is not removed")
    shutil.rmtree(_DATA, ignore_errors=True)
    _DATA.mkdir(mode=0o750, parents=True)
    _give(_DATA)


def _give(path: Path) -> None:
    user = pwd.getpwnam(layout.GALERA_USER)
    os.chown(path, user.pw_uid, user.pw_gid)


def own_data() -> None:
    """The numbers of users are the image's, and another release may have others."""
    user = pwd.getpwnam(layout.GALERA_USER)
    if _DATA.stat().st_uid != user.pw_uid:
        run("chown", "--recursive", f"{user.pw_uid}:{user.pw_gid}", str(_DATA))


def _recover_position() -> str:
    """What this member has, as far as its last write; empty for one without data."""
    if not (_DATA / "ibdata1").exists():
        return ""
    log = Path("/run/piston-galera/recover.log")
    log.unlink(missing_ok=True)
    words = (f"--defaults-file={layout.GALERA_CONF}", f"--user={layout.GALERA_USER}")
    run(_SERVER, *words, "--wsrep-recover", f"--log-error={log}", limit_s=_RECOVER_S)
    return recovered_position(log.read_text(errors="replace"))


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments == ["recover"]:
        return guarded(recover, _STAYS_ABSENT)
    print("usage: galera recover", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

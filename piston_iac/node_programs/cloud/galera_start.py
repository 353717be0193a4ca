"""Starts this node's database: `python3 -m piston_iac.node_programs.cloud.galera_start`. What its unit runs.

It finds out how to start, which can take as long as it takes the peers to come back, and becomes the server.
Until then what it knows of itself lies where the peers can ask for it, see `galera_check`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_programs.cloud import galera
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.cloud.galera_begin import (
    Member,
    View,
    as_they_were,
    beginner,
    parse_view,
    to_json,
)
from piston_iac.node_programs.cloud.galera_check import TOLD_NEW, TOLD_POSITION, member_at
from piston_iac.node_programs.cloud.galera_state import (
    MemberFiles,
    Peers,
    Start,
    began_at,
    buffer_pool_bytes,
    safe_to_bootstrap,
    start_of,
    weight_of,
)
from piston_iac.node_programs.cloud.unit_errors import ERROR
from piston_iac.node_programs.program import guarded
from piston_iac.node_programs.reach import reachable

_SERVER = "/usr/sbin/mariadbd"
_DATA = Path(layout.GALERA_DATA)
_POLL_S = 1.0


def become_server() -> None:
    """Start as the files and the peers say. Does not return."""
    galera.refuse_while_parked()
    galera.own_data()
    position = galera.position_of_data()
    # Before the waiting: by it `up` finds the one with most when a member's data is gone for good.
    Path(layout.GALERA_POSITION).write_text(position)
    own = Member(position, _view())
    write_atomically(Path(layout.GALERA_MEMBER), to_json(own).encode(), 0o644)
    start = _wait_for_start(own)
    if TOLD_POSITION.exists():
        position = began_at(position, TOLD_POSITION.read_text(), start)
        Path(layout.GALERA_POSITION).write_text(position)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    pool = buffer_pool_bytes(memory, int(os.environ.get(layout.GALERA_MOST_MIB, "0")))
    weight = weight_of(position, start)
    if not weight:
        # The check has it count once it has all data, see there.
        Path(layout.GALERA_WITHOUT_DATA).touch()
    words = [_SERVER, f"--defaults-file={_settings(pool, weight)}", f"--user={layout.GALERA_USER}"]
    if position:
        words.append(f"--wsrep-start-position={position}")
    if start is Start.NEW:
        # Else Galera takes the view that it was in before, and waits for the others.
        (_DATA / "gvwstate.dat").unlink(missing_ok=True)
        _allow_bootstrap()
        words.append("--wsrep-new-cluster")
    said = f"position {position or 'unknown'}, buffer pool {pool >> 20} MiB"
    print(f"starts: {start.value}, {said}", flush=True)
    os.execv(_SERVER, words)  # noqa: S606 - becoming the server is the point


def _settings(pool_bytes: int, weight: int) -> Path:
    """The settings with what follows from this machine and its data. Not as a word: mariabackup gets the
    server's words when a member joins, and refuses those it does not know.
    """
    path = Path(layout.GALERA_RUN_CONF)
    own = f"\n[mariadbd]\ninnodb_buffer_pool_size = {pool_bytes}\n"
    text = Path(layout.GALERA_CONF).read_text()
    text = text.replace(f"{layout.GALERA_WEIGHT}=1", f"{layout.GALERA_WEIGHT}={weight}")
    path.write_text(text + own)
    path.chmod(0o644)
    return path


def _wait_for_start(own: Member) -> Start:
    """How to start, once that can be known."""
    access = read_access()
    told = ""
    while True:
        others_run = bool(reachable([(it, layout.GALERA_PORT) for it in access.peers.values()]))
        members: Mapping[str, Member | None] = {
            **dict.fromkeys(access.members),
            access.node: own,
            **({} if others_run else _ask(access.peers)),
        }
        first, absent = beginner(members)
        start = start_of(_files(), Peers(others_run, as_they_were(members), first == access.node))
        if start is not None:
            return start
        waits = _waits_for(first, absent)
        if waits != told:
            print(f"{ERROR} {waits}", flush=True)
            told = waits
        time.sleep(_POLL_S)


def _waits_for(first: str, absent: tuple[str, ...]) -> str:
    if first:
        return f"waits for {first} to begin"
    if absent:
        return f"waits for {', '.join(absent)}, which may have newer data"
    return "waits for an operator: the members have no data, or data of different histories"


def _ask(peers: Mapping[str, str]) -> dict[str, Member | None]:
    with ThreadPoolExecutor(max(1, len(peers))) as pool:
        return dict(zip(peers, pool.map(member_at, peers.values()), strict=True))


def _view() -> View:
    try:
        return parse_view((_DATA / "gvwstate.dat").read_text())
    except OSError:
        return View()


def _files() -> MemberFiles:
    try:
        grastate = (_DATA / "grastate.dat").read_text()
    except OSError:
        grastate = ""
    return MemberFiles(TOLD_NEW.exists(), safe_to_bootstrap(grastate), (_DATA / "gvwstate.dat").exists())


def _allow_bootstrap() -> None:
    """Galera refuses to begin a component from data that was not the last to leave, unless told so."""
    path = _DATA / "grastate.dat"
    if path.exists():
        path.write_text(path.read_text().replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1"))


def main() -> int:
    """Returns the exit status, if it fails."""
    return guarded(become_server, mark=ERROR)


if __name__ == "__main__":
    sys.exit(main())

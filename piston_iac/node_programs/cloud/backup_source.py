"""What is backed up: this node's database server. Which life it lives, how far its logs go, a copy of it."""

from __future__ import annotations

import os
import pwd
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import IO

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_programs.cloud.backup_chain import Log
from piston_iac.node_programs.cloud.galera_check import local_status, usable
from piston_iac.node_programs.cloud.own_database import own_database
from piston_iac.node_programs.program import Fault

_DATA = Path(layout.GALERA_DATA)
_PID = Path(layout.GALERA_PID)
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SAID = Path(layout.BACKUP_RUN) / "mariabackup.log"
# Longer than Galera's own limit of a read that waits for the others, which is 30 s.
_ASK_S = 40
_STALLED_S = 120.0
_END_S = 5.0
_CHUNK_BYTES = 1 << 18


class DatabaseAway(Fault):
    """This node's database does not take part."""


@dataclass(frozen=True)
class Server:
    """A server that can be used. `run` names this life of it; `cluster` is the id of the data's history."""

    run: str
    cluster: str


@dataclass(frozen=True)
class Stand:
    """How far a server is. All that was committed anywhere before `at` is in `logs`.

    `at`: seconds since 1970; `logs`: in order, of the last one only whole transactions.
    """

    at: int
    logs: tuple[Log, ...]


def server() -> Server:
    """This node's server.

    Raises:
        DatabaseAway: it does not run, or is not in step.
    """
    try:
        status = local_status()
        if not usable(status):
            raise DatabaseAway("this member of the database is not in step")
        pid = int(_PID.read_text())
        begun = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        run = f"{_BOOT.read_text().strip()}/{pid}/{begun}"
    except (OSError, ValueError, IndexError) as error:
        raise DatabaseAway(f"this member of the database does not answer ({type(error).__name__})") from None
    return Server(run, status.get("wsrep_cluster_state_uuid", ""))


def stand() -> Stand:
    """How far the server's logs go now.

    Raises:
        DatabaseAway: it does not say.
    """
    at = int(time.time())
    # It waits until this member has all that the group had by then: none that lags behind, or is cut off
    # and does not know it yet, may vouch for `at`.
    ask = ("SET SESSION wsrep_sync_wait = 15", "SELECT 1", "SHOW MASTER STATUS", "SHOW BINARY LOGS")
    answers = _ask(*ask)
    try:
        (current,) = answers[2]
        last = (str(current[0]), int(str(current[1])))
        listed = [(str(row[0]), int(str(row[1]))) for row in answers[3]]
    except (ValueError, IndexError):
        raise DatabaseAway("the database keeps no binary logs") from None
    return Stand(at, (*takewhile(lambda it: it[0] != last[0], listed), last))


def read_log(name: str, start: int, end: int) -> bytes:
    """Bytes of a binary log.

    Raises:
        DatabaseAway: they are not there any more.
    """
    try:
        with (_DATA / name).open("rb") as stream:
            stream.seek(start)
            content = stream.read(end - start)
    except OSError as error:
        raise DatabaseAway(f"binary log {name} cannot be read: {error.strerror}") from None
    if len(content) != end - start:
        raise DatabaseAway(f"binary log {name} ends before {end}")
    return content


def begin_log() -> str:
    """Have the server begin a new binary log; its name."""
    _ask("FLUSH NO_WRITE_TO_BINLOG BINARY LOGS")
    return stand().logs[-1][0]


@contextmanager
def full_copy() -> Iterator[Iterator[bytes]]:
    """A full copy of the database while it runs, as a stream; an empty block whenever a second has passed.

    Raises:
        Fault: mariabackup failed or stalled; its own last words.
    """
    command = [
        "mariabackup",
        f"--defaults-file={layout.GALERA_CONF}",
        "--backup",
        "--stream=mbstream",
        "--galera-info",
        f"--user={pwd.getpwuid(os.geteuid()).pw_name}",
        f"--socket={layout.GALERA_SOCKET}",
        f"--target-dir={layout.BACKUP_RUN}",
    ]
    with _SAID.open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        )
    assert process.stdout is not None  # noqa: S101 - asked for as a pipe
    try:
        yield _blocks(process, process.stdout)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait(_END_S)


def _blocks(process: subprocess.Popen[bytes], stream: IO[bytes]) -> Iterator[bytes]:
    patience = Deadline.after(_STALLED_S)
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(1.0):
                if patience.over():
                    raise Fault(f"mariabackup wrote nothing for {_STALLED_S:g} s")
                yield b""
                continue
            block = os.read(stream.fileno(), _CHUNK_BYTES)
            if not block:
                break
            patience = Deadline.after(_STALLED_S)
            yield block
    if process.wait(_STALLED_S) != 0:
        lines = [line.strip() for line in _SAID.read_text(errors="replace").splitlines() if line.strip()]
        raise Fault(f"mariabackup failed: {' / '.join(lines[-2:])}")


def _ask(*statements: str) -> list[tuple[tuple[object, ...], ...]]:
    answers = []
    try:
        with own_database(_ASK_S) as cursor:
            for statement in statements:
                cursor.execute(statement)
                answers.append(tuple(cursor.fetchall()))
    except OSError as error:
        raise DatabaseAway(str(error)) from None
    return answers

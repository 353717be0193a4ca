"""Brings a full copy of the database to a moment: a private server without any network runs what the binary
logs hold up to then.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pymysql

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_programs.program import Fault

_START_S, _STOP_S, _POLL_S = 120.0, 300.0, 0.2
_REPLAY_S = 3000.0
_LAST_LINES = 2
_FIELDS = 2


def log_position(info: str) -> tuple[str, int]:
    """Where a full copy stands, from what mariabackup notes in it: name of the binary log, offset. Pure.

    Raises:
        ValueError: it does not say.
    """
    fields = info.split()
    if len(fields) < _FIELDS:
        raise ValueError("the copy does not say where it stands in the binary logs")
    return fields[0], int(fields[1])


def replay(data: Path, logs: Sequence[Path], start: int, at: int) -> None:
    """Run what was committed before a moment.

    Args:
        logs: in order; `start`: offset in the first one.
        at: seconds since 1970, UTC.
    Raises:
        Fault: the server does not start, or a statement fails.
    """
    place = data.parent
    with _private_server(data, place) as socket:
        until = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
        environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        read = ["mariadb-binlog", "--no-defaults", f"--start-position={start}", f"--stop-datetime={until}"]
        apply = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "--binary-mode"]
        with (place / "replay.log").open("w+b") as said:
            reader = subprocess.Popen(
                [*read, *map(str, logs)], stdout=subprocess.PIPE, stderr=said, env=environment
            )
            writer = subprocess.Popen(
                [*apply, "--max-allowed-packet=1G"],
                stdin=reader.stdout,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
            )
            assert reader.stdout is not None  # noqa: S101 - asked for as a pipe
            reader.stdout.close()
            try:
                done = (writer.wait(_REPLAY_S), reader.wait(_STOP_S))
            except subprocess.TimeoutExpired:
                raise Fault(f"the binary logs were not run within {_REPLAY_S:g} s") from None
            finally:
                for process in (writer, reader):
                    if process.poll() is None:
                        process.kill()
            if done != (0, 0):
                said.seek(0)
                lines = said.read().decode(errors="replace").split("\n")
                words = " / ".join([it.strip() for it in lines if it.strip()][-_LAST_LINES:])
                raise Fault(f"the binary logs cannot be run: {words or done}")


@contextmanager
def _private_server(data: Path, place: Path) -> Iterator[str]:
    """A server on that data alone; it is stopped in order in the end."""
    socket, pid_file, log = (place / name for name in ("socket", "pid", "server.log"))
    end_leftover(place)
    user = pwd.getpwnam(layout.GALERA_USER)
    os.chown(place, user.pw_uid, user.pw_gid)
    command = [
        "/usr/sbin/mariadbd",
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={socket}",
        f"--pid-file={pid_file}",
        f"--log-error={log}",
        f"--user={layout.GALERA_USER}",
        "--skip-networking",
        "--skip-log-bin",
        "--event-scheduler=DISABLED",
        # Nobody counts on it before it is whole.
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-log-file-size=48M",
        "--max-allowed-packet=1G",
    ]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(process, str(socket), log)
        yield str(socket)
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            raise Fault(f"the private server did not stop within {_STOP_S:g} s") from None
        if status != 0:
            raise Fault(f"the private server ended with {status}: {_last_words(log)}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(_STOP_S)


def end_leftover(place: Path) -> None:
    """End the private server of a restore that was cut short."""
    with suppress(OSError, ValueError):
        pid = int((place / "pid").read_text())
        if f"--datadir={place}/" in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
            deadline = Deadline.after(_START_S)
            while Path(f"/proc/{pid}").exists() and not deadline.over():
                deadline.pause(_POLL_S)


def _await(process: subprocess.Popen[bytes], socket: str, log: Path) -> None:
    deadline = Deadline.after(_START_S)
    while True:
        with suppress(pymysql.MySQLError, RuntimeError, OSError):
            pymysql.connect(unix_socket=socket, user="root", connect_timeout=5).close()
            return
        if process.poll() is not None:
            raise Fault(f"the private server does not start: {_last_words(log)}")
        if deadline.over():
            raise Fault(f"the private server did not start within {_START_S:g} s: {_last_words(log)}")
        deadline.pause(_POLL_S)


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return " / ".join(line.strip() for line in lines if "[ERROR]" in line)[-400:]

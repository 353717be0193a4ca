"""Makes a restore ready beside the data that is in use: fetched, verified, brought to the moment.

Nothing that is in use is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.tools import run
from piston_iac.node_programs.cloud.backup_chain import Chain, pieces
from piston_iac.node_programs.cloud.backup_store import Store
from piston_iac.node_programs.cloud.restore_place import DONE, STAGE, STAGED_DATA, progress, staged
from piston_iac.node_programs.cloud.restore_replay import end_leftover, log_position, replay
from piston_iac.node_programs.mon_store import check_mirror
from piston_iac.node_programs.program import Fault
from piston_iac.restore_order import Target

_LOGS = STAGE / "logs"
_INFO = STAGED_DATA / "mariadb_backup_binlog_info"
_MARGIN_BYTES = 256 * 1024**2
_PREPARE_S, _FETCH_S, _UNPACK_S = 1200.0, 3000.0, 60.0


def room_needed(chain: Chain) -> int:
    """What a restore takes on the mirror beside the data, bytes: the copy, the logs, and what they write."""
    return chain.full_bytes + 2 * sum(size for _, size in chain.logs) + _MARGIN_BYTES


def stage(store: Store, target: Target) -> None:
    """Make it ready; nothing to do when it is.

    Raises:
        Fault: there is no such chain, it is damaged, the mirror lacks room, or MariaDB's programs refuse.
    """
    if staged() == target:
        return
    check_mirror()
    clear()
    chain = store.manifest(target.chain)
    if chain is None:
        raise Fault(f"there is no backup {target.chain} any more")
    if not chain.start <= target.at <= chain.until:
        raise Fault(f"backup {chain.id} goes from {chain.start} to {chain.until}, not to {target.at}")
    STAGE.mkdir(parents=True)
    free, needed = shutil.disk_usage(STAGE).free, room_needed(chain)
    if free < needed:
        raise Fault(f"the local mirror lacks room: {needed >> 20} MiB are needed, {free >> 20} MiB are free")
    STAGED_DATA.mkdir(mode=0o750)
    _LOGS.mkdir(mode=0o750)
    _fetch_full(store, chain)
    _fetch_logs(store, chain)
    progress("mariabackup makes the copy consistent")
    run("mariabackup", "--prepare", f"--target-dir={STAGED_DATA}", limit_s=_PREPARE_S)
    user = layout.GALERA_USER
    run("chown", "--recursive", f"{user}:{user}", str(STAGE), limit_s=_UNPACK_S)
    progress("the binary logs are run up to the moment")
    name, position = log_position(_INFO.read_text())
    logs = sorted(path for path in _LOGS.iterdir() if path.name >= name)
    if not logs or logs[0].name != name:
        raise Fault(f"backup {chain.id} lacks binary log {name}, where its copy stands")
    replay(STAGED_DATA, logs, position, target.at)
    shutil.rmtree(_LOGS)
    os.sync()
    write_atomically(DONE, json.dumps(asdict(target)).encode(), 0o644)
    progress("ready")


def clear() -> None:
    """Remove what lies ready, or half ready."""
    DONE.unlink(missing_ok=True)
    end_leftover(STAGE)
    shutil.rmtree(STAGE, ignore_errors=True)


def _fetch_full(store: Store, chain: Chain) -> None:
    """Into files, through mbstream; only at the end it is known whether it is what was written."""
    command = ["mbstream", "--extract", f"--directory={STAGED_DATA}"]
    deadline = Deadline.after(_FETCH_S)
    said_path = STAGE / "mbstream.log"
    with said_path.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
    assert process.stdin is not None  # noqa: S101 - asked for as a pipe
    blocks = _counted(store.full(chain), chain.full_bytes, deadline)
    try:
        try:
            for block in blocks:
                process.stdin.write(block)
            process.stdin.close()
            status = process.wait(_UNPACK_S)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            status = -1
        if status != 0:
            # Whether it is damaged is known at its end, and says more than what mbstream met.
            for _ in blocks:
                pass
            raise Fault(f"the copy cannot be unpacked: {said_path.read_text(errors='replace')[-200:]}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(_UNPACK_S)


def _counted(blocks: Iterator[bytes], whole: int, deadline: Deadline) -> Iterator[bytes]:
    had, told = 0, -1
    for block in blocks:
        if deadline.over():
            raise Fault(f"the copy was not fetched within {_FETCH_S:g} s")
        had += len(block)
        if had >> 26 != told:
            told = had >> 26
            progress(f"fetches the copy: {had >> 20} of {whole >> 20} MiB")
        yield block


def _fetch_logs(store: Store, chain: Chain) -> None:
    progress("fetches the binary logs")
    for name, _ in chain.logs:
        (_LOGS / Path(name).name).touch()
    for piece in pieces(chain.logs):
        with (_LOGS / Path(piece.log).name).open("ab") as stream:
            stream.write(store.piece(chain.id, piece))

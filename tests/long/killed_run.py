"""A run whose engine is killed at a named place, and what has to be true right after."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from piston_iac.lab.settings import from_environment
from tests.lab.operator_shell import CHECKOUT, Rack, Result
from tests.lab.stack_file import OPTIONS
from tests.long.places import Happenings, Place

UP = f"pulumi up {OPTIONS} --yes --skip-preview --non-interactive"
REACH_S = 150.0
HOST_ENDS_S = 10.0
_POLL_S = 0.03
_LOG = CHECKOUT / "build" / "killed-run.log"
_HOST = "piston_iac.dynamic_providers.host"
_KINDS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", _HOST)


@dataclass(frozen=True)
class Killed:
    """How it went. `refused`: lab-unlock came while the host lived. Times in seconds."""

    place: str
    reached_s: float
    host_ended_s: float
    refused: bool


def processes(kinds: tuple[str, ...] = _KINDS) -> dict[int, str]:
    """Processes of runs on this rack's state, by id: what each is."""
    backend = f"PULUMI_BACKEND_URL=file://{from_environment().directory}/pulumi".encode()
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            words = (directory / "cmdline").read_bytes().split(b"\0")
            if backend not in (directory / "environ").read_bytes().split(b"\0"):
                continue
        except OSError:
            continue
        # An interpreter's script or module, or the program itself.
        names = {Path(word.decode(errors="replace")).name for word in words[:5]}
        for kind in kinds:
            if kind in names:
                found[int(directory.name)] = kind
    return found


def start() -> subprocess.Popen[bytes]:
    """`up` in the background. Its process is the engine itself."""
    _LOG.parent.mkdir(exist_ok=True)
    with _LOG.open("wb") as log:
        # A file, not a pipe: what an engine leaves behind would keep a pipe open.
        return subprocess.Popen(
            ["bash", "-c", f". ./env.sh; exec {UP}"],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def kill_at(rack: Rack, place: Place) -> Killed:
    """Run until it comes to that place, kill the engine there, and take its lock away."""
    happenings, began = Happenings(from_environment()), time.monotonic()
    engine = start()
    try:
        while not happenings.reach(place):
            waited_s = time.monotonic() - began
            assert engine.poll() is None, f"the run was over before {place.name}:\n{_LOG.read_text()}"
            assert waited_s < REACH_S, f"no {place.name} in {waited_s:.0f} s:\n{_LOG.read_text()}"
            time.sleep(_POLL_S)
    finally:
        engine.kill()
        died = time.monotonic()
        engine.wait()
        rack.runs.append(f"$ {UP}, killed at {place.name}\n{_LOG.read_text()}")
    hosts = processes((_HOST,))
    with ThreadPoolExecutor(1) as shell:
        # At once: a host that is at work gets some seconds to end what it is doing.
        asked = shell.submit(rack.shell, "make lab-unlock")
        while any(map(_lives, hosts)):
            assert time.monotonic() - died < HOST_ENDS_S, f"the host lives on after {place.name}"
            time.sleep(_POLL_S)
        ended_s = time.monotonic() - died
        early = not asked.done()
        first = asked.result()
    refused = first.code != 0
    assert refused or early, f"unlocked while the host of the run killed at {place.name} lived:\n{first.text}"
    if refused:
        assert "the plugin host of that run still lives" in first.text, first.text
    unlocked = rack.shell("make lab-unlock") if refused else first
    assert unlocked.code == 0, unlocked.text
    assert f"removing the lock of pid {engine.pid}" in unlocked.text, unlocked.text
    while left := processes():
        assert time.monotonic() - died < HOST_ENDS_S, f"of the run killed at {place.name} live on: {left}"
        time.sleep(_POLL_S)
    return Killed(place.name, died - began, ended_s, refused)


def _lives(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def unlock_is_refused_while_the_engine_lives(rack: Rack) -> Result:
    """`up` to its end; lab-unlock is asked meanwhile. The finished run."""
    began = time.monotonic()
    engine = start()
    try:
        while not processes((_HOST,)):
            assert engine.poll() is None, _LOG.read_text()
            time.sleep(_POLL_S)
        tried = rack.shell("make lab-unlock")
        assert tried.code != 0, tried.text
        assert f"the engine of that run still lives (pid {engine.pid})" in tried.text, tried.text
        engine.wait(timeout=400)
    finally:
        if engine.poll() is None:
            os.killpg(engine.pid, signal.SIGKILL)
    done = Result(engine.returncode, _LOG.read_text(), time.monotonic() - began)
    rack.runs.append(f"$ {UP}\n{done.text}[{done.code} after {done.seconds:.1f} s]\n")
    return done

"""Runs of our own programs by the fork server: they look like those of a new interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from piston_iac.node_agent import programs
from piston_iac.node_agent.forked import Forks, is_ours
from piston_iac.node_agent.programs import OutOfTime, run_program

MODULE = "piston_iac.node_programs.cloud.database"
MAKE = ("python3", "-m", MODULE, "make")
ENVIRONMENT = {**os.environ, "LC_ALL": "C"}


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forks]:
    made = Forks()
    monkeypatch.setattr(programs, "FORKS", made)
    yield made
    made.close()


def test_only_our_own_programs_are_run_so() -> None:
    assert is_ours(MAKE)
    for other in (("sh", "-c", "true"), ("python3", "-m", "json.tool"), ("python3", "-m"), ()):
        assert not is_ours(other)


@pytest.mark.usefixtures("forks")
def test_input_goes_in_and_status_and_last_error_come_out() -> None:
    done = run_program(MAKE, 20.0, iter([b"not ", b"JSON"]), None)
    assert (done.status, done.errors, done.output.read()) == (1, "the request is not JSON", b"")
    usage = run_program(("python3", "-m", MODULE), 20.0, iter(()), None)
    assert (usage.status, usage.errors) == (2, "usage: database make")


@pytest.mark.usefixtures("forks")
def test_a_program_that_is_not_there_says_so_itself() -> None:
    done = run_program(("python3", "-m", "piston_iac.node_programs.nobody"), 20.0, iter(()), None)
    assert done.status == 1
    assert "No module named" in done.errors


@pytest.mark.usefixtures("forks")
def test_many_run_at_once_and_each_gets_its_own_answer() -> None:
    started = [programs._started(MAKE) for _ in range(20)]
    for number, run in enumerate(started):
        assert run.stdin and run.stderr
        run.stdin.write(b"[]" if number % 2 else b"x")
        run.stdin.close()
    said = [run.stderr.read().strip() for run in started if run.stderr]
    assert said == [b"the request is not JSON", b"the request is no JSON object"] * 10
    assert [run.wait(10) for run in started] == [1] * 20


def test_one_that_takes_too_long_is_ended_with_all_it_started(forks: Forks) -> None:
    run = forks.start(MAKE, ENVIRONMENT)
    assert os.getsid(run.pid) == os.getpgid(run.pid) == run.pid
    assert Path(f"/proc/{run.pid}/comm").read_text().strip() == "database"
    with pytest.raises(subprocess.TimeoutExpired):
        run.wait(0.1)
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait(10) == run.returncode == -signal.SIGKILL


@pytest.mark.usefixtures("forks")
def test_the_limit_counts() -> None:
    def slow() -> Iterator[bytes]:
        yield b"{"
        signal.sigtimedwait([], 0.5)
        yield b"}"

    with pytest.raises(OutOfTime):
        run_program(MAKE, 0.2, slow(), None)


def test_a_server_that_was_killed_is_started_again(forks: Forks) -> None:
    first = forks.start(MAKE, ENVIRONMENT)
    server = int(Path(f"/proc/{first.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(server, signal.SIGKILL)
    # Nobody knows how it ends: it does not count as done.
    assert first.wait(10) == 1
    os.killpg(first.pid, signal.SIGKILL)
    for stream in (first.stdin, first.stdout, first.stderr):
        stream.close()
    again = run_program(MAKE, 20.0, iter([b"x"]), None)
    assert again.errors == "the request is not JSON"

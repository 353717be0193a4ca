"""A disk that does not answer holds up nobody for longer than the limit. A FIFO without a writer is one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from piston_iac.node_agent.disk_probe import Prober
from piston_iac.node_agent.tools import ToolFailed, run

# Long enough for a busy machine to start wipefs.
LIMIT_S = 2.0


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[str]:
    """Nobody writes to it, so to open it for reading does not end."""
    fifo = tmp_path / "hanging"
    os.mkfifo(fifo)
    yield str(fifo)
    # Lets the thread that hangs go. It may have gone already: then there is no reader to be found.
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return


def looking(device: str) -> int:
    return sum(thread.name == f"look at {device}" for thread in threading.enumerate())


def test_a_hanging_disk_is_left_out_in_time_and_others_are_seen(tmp_path: Path, hanging: str) -> None:
    good = tmp_path / "good"
    good.write_bytes(bytes(1 << 20))
    prober = Prober()
    for _ in range(2):
        started = time.monotonic()
        found = prober.look([hanging, str(good)], LIMIT_S)
        assert time.monotonic() - started < LIMIT_S + 1.5
        assert list(found) == [str(good)]
        assert found[str(good)].head_is_zero
    assert looking(hanging) == 1


def test_a_disk_that_ends_early_is_not_blank(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(bytes(10))
    assert Prober().look([str(tmp_path / "short"), str(tmp_path / "absent")], LIMIT_S) == {}


def test_a_program_that_hangs_is_given_up_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(ToolFailed, match=r"took longer than 0\.1 s"):
        run("sleep", "30", limit_s=0.1)
    assert time.monotonic() - started < 1

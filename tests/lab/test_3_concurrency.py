"""Two runs at once on one stack: one works, the other is refused in clear words, and nothing is torn.

That two stacks share a switch is shown at the driver: tests/contract/switch/test_two_writers.py.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from piston_iac.lab.settings import from_environment
from tests.lab.operator_shell import CHECKOUT, Rack, Result
from tests.lab.stack_file import OPTIONS

UP = f"pulumi up {OPTIONS} --yes --skip-preview --non-interactive"
OFF = "n3"
LOCKED_S = 30.0
REFUSED_S = 30.0
END_S = 240.0
_POLL_S = 0.05


def locks() -> list[Path]:
    """The locks of the lab's state."""
    return list((from_environment().directory / "pulumi" / ".pulumi" / "locks").rglob("*.json"))


@contextmanager
def begun(rack: Rack, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`up` in the background, its words in a file. It is over when the block is."""
    with log.open("wb") as said:
        run = subprocess.Popen(
            ["bash", "-c", f". ./env.sh; exec {UP}"],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield run
    finally:
        # Told to stop, it ends what it does and gives its lock back.
        if run.poll() is None:
            run.terminate()
        run.wait(END_S)
        rack.runs.append(f"$ {UP}, in the background\n{log.read_text()}[{run.returncode}]\n")


def check_refused(text: str) -> None:
    """The engine's words for a state that somebody else holds: which, who, and what to do; no traceback."""
    assert "the stack is currently locked by" in text, text
    assert "pulumi cancel" in text, text
    assert "Traceback" not in text, text


def check_whole(rack: Rack) -> None:
    """No lock is left, no resource is half-made, and the rack is as declared."""
    assert locks() == []
    assert rack.half_made() == set()
    plan = rack.preview()
    assert plan.is_clean(), plan.text


def second_while_first_works(rack: Rack, where: Path) -> tuple[Result, Result]:
    """The first boots a node, which takes a while; the second comes meanwhile. Both, ended."""
    rack.lab(f"power {OFF} off --hard")
    log, since = where / "first.log", time.monotonic()
    with begun(rack, log) as first:
        while not locks():
            assert time.monotonic() - since < LOCKED_S, log.read_text()
            assert first.poll() is None, log.read_text()
            time.sleep(_POLL_S)
        second = rack.shell(UP)
        assert first.poll() is None, "the first run was over too early to be in the way"
        code = first.wait(END_S)
    return Result(code, log.read_text(), time.monotonic() - since), second


def at_the_same_moment(rack: Rack, where: Path) -> list[Result]:
    """Two runs that begin together."""
    since, logs = time.monotonic(), (where / "one.log", where / "other.log")
    with begun(rack, logs[0]) as one, begun(rack, logs[1]) as other:
        codes = (one.wait(END_S), other.wait(END_S))
    return [
        Result(code, log.read_text(), time.monotonic() - since) for code, log in zip(codes, logs, strict=True)
    ]


def test_the_second_of_two_runs_is_refused_in_clear_words(ready: Rack, tmp_path: Path) -> None:
    first, second = second_while_first_works(ready, tmp_path)
    assert second.code != 0, second.text
    assert second.seconds < REFUSED_S
    check_refused(second.text)
    assert first.code == 0, first.text
    check_whole(ready)


@pytest.mark.timeout(600)
def test_two_runs_that_begin_together_do_not_both_work(ready: Rack, tmp_path: Path) -> None:
    ready.must("piston lab switch data -- ovs-vsctl set port core tag=99")
    for result in at_the_same_moment(ready, tmp_path):
        # Each may see the other's lock: then both are refused, and nothing was done.
        if result.code != 0:
            check_refused(result.text)
    assert locks() == []
    repaired = ready.up()
    assert repaired.code == 0, repaired.text
    check_whole(ready)

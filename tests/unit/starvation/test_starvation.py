"""When a failure on the rack counts."""

from __future__ import annotations

import time

from tests.starvation import GATE_S, gate_is_over, parse


def test_the_share_that_others_took() -> None:
    before = parse("cpu  100 0 100 700 0 0 0 100 0 0\ncpu0 1 1 1\n")
    after = parse("cpu  150 0 150 700 0 0 0 400 0 0\n")
    assert (before.total, before.taken) == (1000, 100)
    assert after.share_since(before) == 0.75
    assert before.share_since(before) == 0.0
    assert parse("cpu  100 0 100 700 0 0 0 199 0 0\n").share_since(before) == 0.0


def test_the_gate_s_hour() -> None:
    assert not gate_is_over("")
    assert not gate_is_over(str(time.time()))
    assert gate_is_over(str(time.time() - GATE_S - 1))

"""Who asks for a look while others do: how many looks that takes; none is older than its question."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from piston_iac.node_agent.next_look import NextLook


class Looks:
    """Numbers its looks. Each begins when `gate` lets it."""

    def __init__(self) -> None:
        self.count = 0
        self.begun, self.gate = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self) -> int:
        self.count += 1
        number = self.count
        self.begun.release()
        assert self.gate.acquire(timeout=10)
        return number


def test_all_who_ask_during_a_look_share_the_next_one() -> None:
    looks = Looks()
    shared = NextLook(looks)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(shared.take)
        assert looks.begun.acquire(timeout=10)
        asked = threading.Barrier(8)

        def ask() -> int:
            asked.wait(10)
            return shared.take()

        others = [pool.submit(ask) for _ in range(7)]
        asked.wait(10)
        # They are about to ask. One that does so later than the second look begins takes a third.
        threading.Event().wait(0.2)
        looks.gate.release(8)
        assert first.result(10) == 1
        assert {it.result(10) for it in others} == {2}
    assert looks.count == 2


def test_nobody_gets_a_look_that_began_before_he_asked() -> None:
    looks = Looks()
    looks.gate.release(3)
    shared = NextLook(looks)
    assert [shared.take() for _ in range(3)] == [1, 2, 3]


def test_who_asks_without_end_waits_between_looks_and_a_plan_does_not() -> None:
    began: list[float] = []

    def look() -> None:
        began.append(time.monotonic())
        time.sleep(0.1)

    shared = NextLook(look, burst_s=0.35)
    for _ in range(9):
        shared.take()
    pauses = [later - earlier for earlier, later in pairwise(began)]
    assert max(pauses[:3]) < 0.2
    assert min(pauses[-3:]) > 0.22
    assert max(pauses) < 2.0


def test_a_look_that_fails_is_taken_again_by_the_next() -> None:
    found: list[object] = [ValueError("no disk"), 7]

    def look() -> object:
        it = found.pop(0)
        if isinstance(it, ValueError):
            raise it
        return it

    shared = NextLook(look)
    with pytest.raises(ValueError, match="no disk"):
        shared.take()
    assert shared.take() == 7

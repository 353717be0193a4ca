"""Who shares a look with whom."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from piston_iac.dynamic_providers.shared_look import SharedLook


class Slow:
    """A look that lasts until it is let go; counts how often it was taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.began = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self) -> int:
        self.taken += 1
        number = self.taken
        self.began.release()
        assert self.go.wait(5)
        return number


def test_who_asks_meanwhile_gets_the_same_answer() -> None:
    shared, slow = SharedLook[int](), Slow()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(shared.take, slow)
        assert slow.began.acquire(timeout=5)
        others = [pool.submit(shared.take, slow) for _ in range(3)]
        while not all(it.running() for it in others):
            pass
        slow.go.set()
        assert {first.result(), *(it.result() for it in others)} == {1}
    assert shared.take(slow) == 2


def test_nobody_joins_a_look_that_is_older_than_a_change() -> None:
    shared, slow = SharedLook[int](), Slow()
    with ThreadPoolExecutor(2) as pool:
        old = pool.submit(shared.take, slow)
        assert slow.began.acquire(timeout=5)
        shared.changed()
        new = pool.submit(shared.take, slow)
        assert slow.began.acquire(timeout=5)
        slow.go.set()
        assert (old.result(), new.result()) == (1, 2)


def test_a_failed_look_fails_for_all_and_is_not_kept() -> None:
    shared = SharedLook[int]()

    def broken() -> int:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        shared.take(broken)
    assert shared.take(lambda: 7) == 7

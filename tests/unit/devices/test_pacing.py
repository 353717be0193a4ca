"""Turns to write to one BMC."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.pacing import write_turn


def test_turns_of_one_bmc_keep_their_distance_and_others_do_not_wait() -> None:
    at: list[float] = []

    def write() -> None:
        with write_turn(("192.0.2.1", 623), 0.1, Deadline.after(5)) as mine:
            assert mine
            at.append(time.monotonic())

    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(write) for _ in range(4)]:
            job.result()
    assert min(later - earlier for earlier, later in pairwise(at)) >= 0.1
    start = time.monotonic()
    with write_turn(("192.0.2.2", 623), 0.1, Deadline.after(5)):
        assert time.monotonic() - start < 0.1


def test_turn_that_comes_too_late_is_not_taken() -> None:
    bmc = ("192.0.2.3", 623)
    with write_turn(bmc, 60, Deadline.after(5)) as first:
        assert first
    with write_turn(bmc, 60, Deadline.after(0.05)) as second:
        assert not second
    stopped = Deadline.after(60)
    threading.Timer(0.05, stopped.cancelled.set).start()
    with write_turn(bmc, 60, stopped) as third:
        assert not third

"""The loop that brings what all nodes share to what is wanted: when it waits, goes on, ends and gives up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers.deploy_loop import NODES, DeployLoop, progress_of
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, Interrupted, PistonError, TimedOut, Unreachable
from piston_iac.plan.ceph.actions import Apply, Attempt, Done, Fail, RenewMon, Wait
from tests.unit.plan.test_node_steps import READY

ARRIVAL_S, SETTLE_S = 100.0, 180.0


class World:
    """What is looked at: each look takes ten seconds, `steps` are decided one after the other.

    What moves does so with every look until `moves` of them were taken.
    """

    def __init__(self, steps: Iterable[object], moves: int = 0) -> None:
        self._steps: Iterator[object] = iter(steps)
        self._moves = moves
        self.now_s, self.looks = 0.0, 0
        self.still_s: list[float] = []
        self.attempts: list[Attempt] = []
        self.applied: list[str] = []
        self.done: list[object] = []
        self.fault: PistonError | None = None
        self.silent = 0
        self.cancelled = threading.Event()

    def look(self, arrival: Deadline) -> int:
        self.now_s += 10
        self.looks += 1
        if self.looks <= self.silent:
            raise Unreachable("boot node", "read its state", "no answer in time", "")
        return min(self.looks, self._moves)

    def decide(self, look: int, attempt: Attempt, still_s: float) -> object:
        self.still_s.append(still_s)
        self.attempts.append(attempt)
        return next(self._steps)

    def apply(self, node: str, deadline: Deadline) -> None:
        assert deadline.left_s() == 60
        self.applied.append(node)

    def do(self, step: object, attempt: Attempt, deadline: Deadline) -> Attempt:
        self.done.append(step)
        if self.fault:
            raise self.fault
        return attempt

    def run(self) -> None:
        waiting = Waiting("it", "become ready", NODES, poll_s=0)
        progress: Callable[[int], object] = str
        loop = DeployLoop(waiting, 60, SETTLE_S, self.look, progress, self.decide, self.apply, self.do)
        loop.run(Deadline.after(ARRIVAL_S, self.cancelled, lambda: self.now_s), Attempt())


def waits(count: int) -> list[object]:
    return [Wait("it")] * count


def test_steps_are_done_until_there_is_none() -> None:
    world = World([RenewMon("n1"), Wait("n1"), Done()])
    world.run()
    assert (world.done, world.looks) == ([RenewMon("n1")], 3)


def test_how_often_a_node_was_told_is_kept() -> None:
    world = World([Apply(("n1", "n2"), "start"), Apply(("n2",), "start"), Done()])
    world.run()
    assert world.applied == ["n1", "n2", "n2"]
    assert world.attempts[-1].told == {"n1": 1, "n2": 2}


def test_time_is_up_when_nothing_moves_after_all_could_be_there() -> None:
    world = World(waits(100))
    with pytest.raises(TimedOut, match=f"while waiting for it. {NODES}, then run"):
        world.run()
    assert world.now_s == ARRIVAL_S + SETTLE_S


def test_whatever_moves_begins_that_time_anew() -> None:
    world = World(waits(100), moves=50)
    with pytest.raises(TimedOut):
        world.run()
    assert world.now_s == 500 + SETTLE_S
    assert world.still_s[48:52] == [0, 0, 10, 20]


def test_a_clock_that_goes_on_is_no_progress() -> None:
    later = replace(READY, clock=replace(READY.clock, offset_s=0.7), writes=READY.writes + 1)
    assert progress_of({"n1": later, "n2": None}) == progress_of({"n1": READY, "n2": None})
    for moved in (replace(READY, phase="applying"), replace(READY, services={"ovn": "running"})):
        assert progress_of({"n1": moved}) != progress_of({"n1": READY})


def test_what_has_no_cause_is_let_be_after_a_minute() -> None:
    world = World([Wait("a warning", optional=True)] * 100, moves=20)
    world.run()
    assert world.now_s == 200 + 70


def test_who_does_not_answer_is_tried_again_and_who_refuses_is_not() -> None:
    world = World([RenewMon("n1"), Done()])
    world.fault = Unreachable("n1", "renew", "no answer", "")
    world.run()
    world = World([RenewMon("n1"), Done()])
    world.fault = DeviceRefused("n1", "renew", "no", "")
    with pytest.raises(DeviceRefused):
        world.run()


def test_a_boot_node_that_is_silent_for_a_moment_ends_nothing() -> None:
    world = World([Done()])
    world.silent = 3
    world.run()
    assert world.looks == 4
    world = World([Done()])
    world.silent = 100
    with pytest.raises(TimedOut, match="while waiting for boot node: no answer in time"):
        world.run()
    assert world.now_s == ARRIVAL_S


def test_it_ends_where_the_plan_cannot_go_on_and_when_it_is_told_to_stop() -> None:
    with pytest.raises(DeviceRefused, match=r"become ready: no majority\. Repair them\."):
        World([Fail("no majority", "Repair them.")]).run()
    world = World(waits(2))
    world.cancelled.set()
    with pytest.raises(Interrupted, match=r"told to stop while waiting for it\. Run `pulumi up` again"):
        world.run()

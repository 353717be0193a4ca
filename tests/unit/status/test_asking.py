"""Many devices at once: the slowest sets the time, a hung one is told so, a broken look ends nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from piston_iac.deadline import Deadline
from piston_iac.errors import PistonError, TimedOut
from piston_iac.status.asking import Answer, Asking, Probe
from tests.unit.status.rack import silent

_SOON_S = 10.0


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Set at the end, so that what hangs in a test ends with it."""
    event = threading.Event()
    yield event
    event.set()


def probe(key: str, ask: Callable[[Deadline], object], limit_s: float = _SOON_S) -> Probe:
    return Probe(key, f"device {key}", limit_s, limit_s, ask)


def ask_all(*probes: Probe) -> dict[str, Answer]:
    asking = Asking()
    for it in probes:
        asking.start(it)
    found: dict[str, Answer] = {}
    end_s = time.monotonic() + 2 * _SOON_S
    while asking.busy():
        assert time.monotonic() < end_s
        found |= {it.key: answer for it, answer in asking.answers(0.05)}
    return found


def test_all_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(30, timeout=_SOON_S)
    found = ask_all(*(probe(f"{number}", lambda _: together.wait() >= 0) for number in range(30)))
    assert [answer.value for answer in found.values()] == [True] * 30


def test_a_device_that_hangs_is_one_answer_and_stops_nothing(never: threading.Event) -> None:
    began_s = time.monotonic()
    found = ask_all(
        probe("dead", lambda _: never.wait(), limit_s=0.3),
        *(probe(f"{number}", lambda _: "here") for number in range(5)),
    )
    assert time.monotonic() - began_s < _SOON_S / 2
    assert isinstance(found["dead"].error, TimedOut)
    assert str(found["dead"].error).startswith(
        "device dead: could not read its state: no answer within 0.3 s"
    )
    assert [found[f"{number}"].value for number in range(5)] == ["here"] * 5


def test_each_has_its_own_deadline_and_may_be_cancelled() -> None:
    given: list[Deadline] = []
    asking = Asking()
    asking.start(probe("one", given.append, limit_s=3.0))
    while asking.busy():
        list(asking.answers(0.05))
    assert 0 < given[0].left_s() <= 3.0
    asking.stop()
    assert given[0].over()


def test_an_error_is_the_answer() -> None:
    error = silent("n1")

    def fail(_deadline: Deadline) -> object:
        raise error

    assert ask_all(probe("one", fail))["one"].error is error


def test_a_fault_of_our_own_ends_nothing_and_tells_no_data() -> None:
    def broken(_deadline: Deadline) -> object:
        raise KeyError("hunter2")

    found = ask_all(probe("broken", broken), probe("sound", lambda _: 1))
    error = found["broken"].error
    assert isinstance(error, PistonError)
    assert "KeyError in test_asking.py:" in str(error)
    assert "hunter2" not in str(error)
    assert found["sound"].value == 1


def test_no_more_than_so_many_at_once() -> None:
    asking, inside, most = Asking(at_once=2), [0], [0]
    lock = threading.Lock()

    def ask(_deadline: Deadline) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        with lock:
            inside[0] -= 1

    for number in range(6):
        asking.start(probe(f"{number}", ask))
    count = 0
    while asking.busy():
        count += len(list(asking.answers(0.05)))
    assert (count, most[0]) == (6, 2)


def test_who_is_waited_for(never: threading.Event) -> None:
    asking = Asking()
    asking.start(probe("slow", lambda _: never.wait()))
    asking.start(probe("fast", lambda _: None))
    list(asking.answers(0.3))
    assert list(asking.waiting()) == ["device slow"]
    assert asking.waiting()["device slow"] >= 0.2


def test_a_question_that_is_out_is_not_asked_again(never: threading.Event) -> None:
    asked: list[int] = []

    def hang(_deadline: Deadline) -> None:
        asked.append(1)
        never.wait()

    asking, dead = Asking(), probe("dead", hang, limit_s=0.1)
    asking.start(dead)
    found = [answer for _ in range(10) for _, answer in asking.answers(0.1)]
    asking.start(dead)
    list(asking.answers(0.1))
    assert (len(found), len(asked), asking.busy()) == (1, 1, False)

"""What was just changed may not answer at once: it is asked for a while, and then the fault is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import converging, runtime
from piston_iac.dynamic_providers.converging import Converging, Inputs, Seen
from piston_iac.errors import PistonError, TimedOut, Unreachable, WrongMachine


class Late(Converging[Inputs]):
    """A thing that answers from the second look on, or with another fault."""

    model = Inputs

    def __init__(self, *faults: PistonError) -> None:
        super().__init__()
        self.faults = list(faults)
        self.given_s: list[float] = []

    def observe(self, inputs: Inputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        self.given_s.append(deadline.left_s())
        if self.faults:
            raise self.faults.pop(0)
        return Seen({}, {"answer": "seen"})

    def converge(self, inputs: Inputs, bound: Mapping[str, Any]) -> None:
        pass

    def remove(self, inputs: Inputs) -> None:
        pass

    def name(self, inputs: Inputs) -> str:
        return "thing"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converging, "_AGAIN_S", 0.01)
    monkeypatch.setattr(converging, "_PATIENCE_S", 0.2)


def silent() -> Unreachable:
    return Unreachable("thing", "read it", "no answer", "Wait.")


def late() -> TimedOut:
    return TimedOut("thing", "read it", "its answer does not end in time", "Wait.")


def test_lost_and_late_answers_fail_no_run() -> None:
    made = Late(silent(), late(), silent()).create({"site": "lab"}).outs
    assert made
    assert made["answer"] == "seen"


def test_a_look_that_was_cut_off_gets_more_time() -> None:
    slow = Late(late(), late())
    slow.create({"site": "lab", "timeoutS": 8.0})
    assert [round(it) for it in slow.given_s] == [8, 30, 30]
    slow = Late(late())
    slow.create({"site": "lab", "timeoutS": 60.0})
    assert [round(it) for it in slow.given_s] == [60, 60]


def test_silence_fails_it() -> None:
    with pytest.raises(runtime.HalfMade):
        Late(*(silent() for _ in range(1000))).create({"site": "lab"})


def test_another_machine_is_not_asked_again() -> None:
    wrong = WrongMachine("thing", "read it", "it is another one", "Find out.")
    late = Late(wrong)
    with pytest.raises(runtime.HalfMade):
        late.create({"site": "lab"})
    assert late.faults == []

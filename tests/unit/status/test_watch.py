"""A live status: devices are asked again, a slow one delays none, and no account is ever locked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.protocol import Power
from piston_iac.dynamic_providers.converging import Seen
from piston_iac.errors import AccessRefused, PistonError
from piston_iac.status.asking import Answer, Probe
from piston_iac.status.probes import BOOT_STATE, BmcSeen, may_ask_again, report_key, resource_key
from piston_iac.status.watch import Watch
from tests.unit.status.rack import silent

REFUSED = AccessRefused("BMC of n1", "log in", "it refuses our user", "Reset it.")
FINE = BmcSeen(Seen({"login": "right"}), Power.ON)
BMC, NODE = resource_key("n1-bmc"), resource_key("n1")


def probe(key: str, ask: Callable[[Deadline], object] = lambda _: None, device: str = "") -> Probe:
    return Probe(key, device or f"device of {key}", 5.0, 5.0, ask)


def until(condition: Callable[[], bool], watch: Watch) -> None:
    end_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end_s
        watch.turn(0.05)


def test_each_is_asked_again_after_its_own_answer() -> None:
    asked: Counter[str] = Counter()
    never = threading.Event()

    def ask(name: str) -> Callable[[Deadline], object]:
        return lambda _: asked.update([name])

    watch = Watch([probe("a", ask("a")), probe("b", ask("b")), probe("slow", lambda _: never.wait())], 0.05)
    until(lambda: asked["a"] >= 3 and asked["b"] >= 3, watch)
    assert watch.latest.keys() == {"a", "b"}
    never.set()


def test_the_questions_of_one_device_go_out_together() -> None:
    asked: list[str] = []
    slow = threading.Event()

    def first(_deadline: Deadline) -> None:
        asked.append("first")
        slow.wait(0.3)

    watch = Watch([probe("a", first, "Ceph"), probe("b", lambda _: asked.append("second"), "Ceph")], 0.02)
    until(lambda: len(asked) >= 6, watch)
    assert [sorted(asked[at : at + 2]) for at in (0, 2, 4)] == [["first", "second"]] * 3


def test_the_latest_answer_counts() -> None:
    answers = iter(["old", "new"])
    watch = Watch([probe("a", lambda _: next(answers, "new"))], 0.05)
    until(lambda: watch.latest.get("a") == replace(watch.latest.get("a", Answer()), value="new"), watch)


def test_a_bmc_that_refuses_us_is_asked_once() -> None:
    asked: list[int] = []

    def refuse(_deadline: Deadline) -> object:
        asked.append(1)
        raise REFUSED

    others: list[int] = []
    watch = Watch([probe(BMC, refuse), probe("other", lambda _: others.append(1))], 0.02)
    until(lambda: len(others) >= 4, watch)
    assert len(asked) == 1


def answered(bmc: Answer, agent: PistonError | None) -> dict[str, Answer]:
    return {BMC: bmc, report_key("n1"): Answer(error=agent)}


@pytest.mark.parametrize(
    ("key", "bmc", "agent", "again"),
    [
        (BMC, Answer(FINE), None, True),
        (BMC, Answer(error=silent("BMC of n1")), None, True),
        (BMC, Answer(error=REFUSED), None, False),
        # The break-glass user came in, and ours did not.
        (BMC, Answer(replace(FINE, power=None)), None, False),
        (NODE, Answer(FINE), silent("n1"), True),
        (NODE, Answer(error=REFUSED), None, True),
        # The look at a silent node logs in at the BMC too.
        (NODE, Answer(error=REFUSED), silent("n1"), False),
        (report_key("n1"), Answer(error=REFUSED), silent("n1"), True),
        (BOOT_STATE, Answer(error=REFUSED), silent("n1"), True),
        (resource_key("boot-node"), Answer(error=REFUSED), silent("n1"), True),
    ],
)
def test_who_is_asked_again(key: str, bmc: Answer, agent: PistonError | None, again: bool) -> None:
    assert may_ask_again(probe(key), answered(bmc, agent)) is again


def test_who_is_no_bmc_is_asked_again_whatever_it_says() -> None:
    refused = AccessRefused("boot node", "read its state", "it refuses our certificate", "Check it.")
    key = resource_key("boot-node")
    assert may_ask_again(probe(key), {key: Answer(error=refused)})

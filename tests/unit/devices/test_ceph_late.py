"""Mons that elect a leader answer late: that is no refusal, and it may be tried again."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from typing import Any, cast

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.ceph import CephDriver, Order
from piston_iac.devices.node_agent import NodeAgentClient, ProgramResult
from piston_iac.errors import AccessRefused, DeviceRefused, Unreachable
from piston_iac.trust.secret import Secret
from tests.unit.plan.test_node_steps import READY

SET: dict[str, Any] = {"prefix": "osd pool set"}
REPORT = replace(READY, services={"ceph-mon": "running"})


class Agent:
    """An agent whose mon gives every command the same answer."""

    def __init__(self, code: int) -> None:
        self.code = code

    def run_program(self, name: str, stdin: bytes, deadline: Deadline) -> ProgramResult:
        asked = json.loads(stdin)["commands"]
        answers = [{"code": self.code, "output": None, "status": "says so"} for _ in asked]
        return ProgramResult(0, json.dumps({"answers": answers}).encode(), "")


def driver(code: int) -> CephDriver:
    return CephDriver({"n1": cast("NodeAgentClient", Agent(code))}, ("n1",), Secret("k" * 40))


def test_a_late_answer_may_be_tried_again() -> None:
    with pytest.raises(Unreachable, match="did not answer in time"):
        driver(-errno.ETIMEDOUT).change([Order(SET)], Deadline.after(1))
    assert driver(-errno.ETIMEDOUT).observe({"n1": REPORT}, Deadline.after(1)) is None


def test_whoever_asks_for_words_gets_them_from_the_next_host_that_has_any() -> None:
    class Stranger:
        def run_program(self, name: str, stdin: bytes, deadline: Deadline) -> ProgramResult:
            raise AccessRefused("agent of n1", "run it", "it refuses our certificate", "")

    class Broken:
        def run_program(self, name: str, stdin: bytes, deadline: Deadline) -> ProgramResult:
            return ProgramResult(1, b"", "no mon answers")

    agents = {"n1": Stranger(), "n2": Broken(), "n3": Agent(-errno.EPERM)}
    ways = cast("dict[str, NodeAgentClient]", agents)
    (answer,) = CephDriver(ways, tuple(ways), Secret("k")).ask([SET], Deadline.after(1))
    assert answer.status == "says so"
    with pytest.raises(Unreachable, match="it refuses our certificate; n2: no mon answers"):
        CephDriver(ways, ("n1", "n2"), Secret("k")).ask([SET], Deadline.after(1))


def test_a_refusal_is_the_mons_own() -> None:
    with pytest.raises(DeviceRefused, match="says so"):
        driver(-errno.EPERM).change([Order(SET)], Deadline.after(1))

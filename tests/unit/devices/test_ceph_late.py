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
from piston_iac.errors import DeviceRefused, Unreachable
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


def test_a_refusal_is_the_mons_own() -> None:
    with pytest.raises(DeviceRefused, match="says so"):
        driver(-errno.EPERM).change([Order(SET)], Deadline.after(1))

"""Drifts by foreign hands: a plain preview names resource, field, old and new; `up` repairs just that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from piston_iac.trust.derive import bmc_password
from piston_iac.trust.secret import Secret
from tests.lab.drifts import ROUNDS, Drift
from tests.lab.operator_shell import Rack, Result
from tests.lab.storage import Storage

# Each round is two plans and one `up`, on a machine that may be busy.
pytestmark = pytest.mark.timeout(900)
KINDS = 30


@dataclass
class Played:
    """A round: what the plan said, what `up` did, what the plan said then. `heard`: devices that changed."""

    plan: Result
    repair: Result
    heard: set[str]
    after: Result


@pytest.fixture(scope="module", params=ROUNDS)
def played(request: pytest.FixtureRequest, ready: Rack) -> Iterator[tuple[str, Played]]:
    """One round: all of its drifts, one plan, one `up`, one plan."""
    rows = ROUNDS[request.param].values()
    Storage(ready).wait_healthy()
    for row in rows:
        ready.must(_filled(ready, row.inject))
    plan = ready.preview()
    for row in rows:
        if row.before_up:
            ready.must(row.before_up)
    before = ready.writes()
    repair = ready.up()
    heard = {device for device, count in ready.writes().items() if count != before.get(device)}
    yield request.param, Played(plan, repair, heard, ready.preview())


def _filled(ready: Rack, command: str) -> str:
    seed = Secret(ready.must("pulumi config get seed --stack lab").strip())
    return re.sub(
        r"\{password:(n\d)\}", lambda found: bmc_password(seed, found[1], 1).get_secret_value(), command
    )


def test_there_are_enough_kinds() -> None:
    assert len({name for it in ROUNDS.values() for name in it}) >= KINDS


def test_each_drift_is_one_line(played: tuple[str, Played]) -> None:
    name, round_ = played
    rows = ROUNDS[name]
    assert round_.plan.code == 0, round_.plan.text
    told = round_.plan.told()
    missed = [row for row, drift in rows.items() if not _is_told(drift, told)]
    assert missed == [], round_.plan.text


def test_nothing_else_is_told(played: tuple[str, Played]) -> None:
    name, round_ = played
    drifts = ROUNDS[name].values()
    others = [
        (resource, line)
        for resource, lines in round_.plan.told().items()
        for line in lines
        if not any(it.resource == resource and re.fullmatch(it.line, line) for it in drifts)
    ]
    assert others == [], round_.plan.text


def test_up_repairs_all_of_it(played: tuple[str, Played]) -> None:
    _, round_ = played
    assert round_.repair.code == 0, round_.repair.text
    assert round_.after.is_clean(), f"{round_.repair.text}\n{round_.after.text}"


def test_up_touches_nothing_else(played: tuple[str, Played]) -> None:
    name, round_ = played
    allowed = {device for drift in ROUNDS[name].values() for device in drift.devices}
    assert round_.heard <= allowed


def _is_told(drift: Drift, told: dict[str, list[str]]) -> bool:
    return any(re.fullmatch(drift.line, line) for line in told.get(drift.resource, []))

"""Drifts of the control plane by foreign hands: a plain preview names resource, field, old and new value.
`up` mends it, and the plan after that is clean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.lab.cloud import HOSTS, Cloud
from tests.lab.cloud_drifts import ROUNDS, inject, missed
from tests.lab.operator_shell import Result
from tests.long.cloud_rack import cloud_rack

pytestmark = pytest.mark.timeout(1500)
KINDS = 12


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with cloud_rack("cloud-drift.log") as made:
        yield made


@dataclass
class Played:
    """A round: what the plan said, what `up` did, what the plan said then."""

    name: str
    plan: Result
    repair: Result
    after: Result


@pytest.fixture(scope="module", params=ROUNDS)
def played(request: pytest.FixtureRequest, cloud: Cloud) -> Played:
    cloud.ca_file()
    for drift in ROUNDS[request.param].values():
        inject(cloud, drift)
    plan = cloud.preview()
    repair = cloud.up()
    return Played(request.param, plan, repair, cloud.preview())


def test_there_are_enough_kinds() -> None:
    assert sum(map(len, ROUNDS.values())) >= KINDS


def test_each_drift_is_one_line(played: Played) -> None:
    assert played.plan.code == 0, played.plan.text
    told = played.plan.told()
    assert missed(ROUNDS[played.name], told) == [], played.plan.text


def test_up_mends_all_of_it(played: Played) -> None:
    assert played.repair.code == 0, played.repair.text
    assert played.after.is_clean(), f"{played.repair.text}\n{played.after.text}"
    print(f"{played.name}: plan {played.plan.seconds:.1f} s, up {played.repair.seconds:.0f} s")


def test_all_hosts_are_members_of_everything(played: Played, cloud: Cloud) -> None:
    assert cloud.not_whole() == []
    assert {json.dumps(cloud.look(host)["balancer"]["out"]) for host in HOSTS} == {"[]"}

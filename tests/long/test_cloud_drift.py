"""Drifts of the control plane by foreign hands: a plain preview names resource, field, old and new value.
`up` mends it, and the plan after that is clean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.lab.cloud import HOSTS, Cloud
from tests.lab.cloud_drifts import ROUNDS
from tests.lab.drift_rounds import Played, play
from tests.long.cloud_rack import cloud_rack

pytestmark = pytest.mark.timeout(1500)
KINDS = 12


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with cloud_rack("cloud-drift.log") as made:
        yield made


@pytest.fixture(scope="module", params=ROUNDS)
def played(request: pytest.FixtureRequest, cloud: Cloud) -> Played:
    return play(cloud, request.param, ROUNDS[request.param])


def test_there_are_enough_kinds() -> None:
    assert sum(map(len, ROUNDS.values())) >= KINDS


def test_each_drift_is_one_line(played: Played) -> None:
    played.check_told()


def test_up_mends_all_of_it(played: Played) -> None:
    played.check_mended()


def test_all_hosts_are_members_of_everything(played: Played, cloud: Cloud) -> None:
    assert cloud.not_whole() == []
    assert {json.dumps(cloud.look(host)["balancer"]["out"]) for host in HOSTS} == {"[]"}

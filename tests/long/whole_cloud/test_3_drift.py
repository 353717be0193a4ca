"""Drifts of the whole cloud by foreign hands: a plain preview names resource, field, old and new value."""

from __future__ import annotations

import pytest

from tests.lab.cloud import Cloud
from tests.lab.drift_rounds import Played, play
from tests.lab.machine_drifts import ROUNDS

pytestmark = pytest.mark.timeout(1500)
KINDS = 15


@pytest.fixture(scope="module", params=ROUNDS)
def played(request: pytest.FixtureRequest, cloud: Cloud) -> Played:
    return play(cloud, request.param, ROUNDS[request.param])


def test_there_are_enough_kinds() -> None:
    assert sum(map(len, ROUNDS.values())) >= KINDS


def test_each_drift_is_one_line(played: Played) -> None:
    played.check_told()


def test_up_mends_all_of_it(played: Played) -> None:
    played.check_mended()

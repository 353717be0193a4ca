"""One install whose engine is killed at twelve places, one run after the other, and then converges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.fresh_rack import fresh_rack
from tests.lab.operator_shell import Rack, Result
from tests.long.killed_run import Killed, kill_at, unlock_is_refused_while_the_engine_lives
from tests.long.one_of_each import check_one_of_each
from tests.long.places import PLACES

pytestmark = pytest.mark.timeout(600)

# What a killed run has begun goes on by itself for a moment, and could be past the next place when the next
# run comes. These are held back by hand until it is their turn.
BEFORE = {
    "VLANs": ["power boot off --hard"],
    "settings of the boot node": ["power boot on"],
    "boot, after power-on": [f"power {node} off --hard" for node in ("n1", "n2", "n3")],
}


@pytest.fixture(scope="module")
def own_rack() -> Iterator[Rack]:
    with fresh_rack("killed-install.log") as rack:
        yield rack


@pytest.fixture(scope="module")
def kills(own_rack: Rack) -> list[Killed]:
    done = []
    for place in PLACES:
        for command in BEFORE.get(place.name, []):
            own_rack.lab(command)
        done.append(kill_at(own_rack, place))
    return done


@pytest.fixture(scope="module")
def converged(own_rack: Rack, kills: list[Killed]) -> Result:
    return unlock_is_refused_while_the_engine_lives(own_rack)


def test_twelve_kills_each_end_their_host(kills: list[Killed]) -> None:
    print(*kills, sep="\n")
    assert len(kills) == 12
    assert any(kill.refused for kill in kills), "no host lived long enough to be seen"


def test_the_next_plain_up_converges(converged: Result) -> None:
    assert converged.code == 0, converged.text


def test_and_the_one_after_it_changes_nothing(own_rack: Rack, converged: Result) -> None:
    again = own_rack.up()
    assert again.is_clean(), again.text


def test_there_is_one_of_each(own_rack: Rack, converged: Result) -> None:
    check_one_of_each(own_rack)

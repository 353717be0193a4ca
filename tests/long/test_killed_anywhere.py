"""At each of the twelve places: a new install, its engine killed there, and one plain `up` that converges.

About half an hour. `test_killed_install` kills one and the same install at all of them.
"""

from __future__ import annotations

import pytest

from tests.lab.fresh_rack import fresh_rack
from tests.long.killed_run import kill_at
from tests.long.one_of_each import check_one_of_each
from tests.long.places import PLACES, Place

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_one_plain_up_converges_after_a_kill(place: Place) -> None:
    with fresh_rack(f"killed-at-{place.name.replace(' ', '-')}.log") as rack:
        print(kill_at(rack, place))
        done = rack.up()
        assert done.code == 0, done.text
        print(f"converged in {done.seconds:.0f} s")
        after = rack.preview()
        assert after.is_clean(), after.text
        check_one_of_each(rack)

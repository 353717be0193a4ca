"""At each of the twelve places: a new install, its engine killed there, and one plain `up` that converges.

Not part of the change gate, which kills one install at all of them: this takes about half an hour.
"""

from __future__ import annotations

import pytest

from tests.lab.fresh_rack import fresh_rack
from tests.lab.killed_run import kill_at
from tests.lab.one_of_each import check_one_of_each
from tests.lab.places import PLACES, Place

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

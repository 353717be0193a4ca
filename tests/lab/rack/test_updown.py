"""Does the rack come up once, and go without a trace?"""

from __future__ import annotations

import pytest

from piston_iac.errors import SetupError
from piston_iac.lab import updown
from piston_iac.lab.cgroups import rack_unit
from piston_iac.lab.network import namespaces
from piston_iac.lab.power import power_on, running
from piston_iac.lab.settings import Lab
from piston_iac.lab.socket_room import SETTING, WANTED_BYTES
from tests.lab.rack.rig import PREFIX, SCRATCH


def test_life_of_a_rack() -> None:
    lab = Lab(SCRATCH / f"{PREFIX}-2", f"{PREFIX}-2")
    room = SETTING.read_text()
    try:
        assert updown.up(lab, 2)
        assert int(SETTING.read_text()) >= WANTED_BYTES
        assert not updown.up(lab, 2)
        with pytest.raises(SetupError, match="one with 2 nodes is up"):
            updown.up(lab, 1)
        power_on(lab, "n2")
        assert running(lab, "n2").state == "firmware"
        # A rack that lost a part is not used any more: `up` clears it away and starts afresh.
        rack_unit(lab.prefix).child("attendant").kill()
        assert updown.up(lab, 1)
        assert lab.netns("n2") not in namespaces(lab)
        power_on(lab, "boot")
    finally:
        updown.down(lab)
    assert updown.leftovers(lab) == ()
    assert SETTING.read_text() == room
    updown.down(lab)


def test_down_leaves_another_rack_with_a_longer_prefix_alone() -> None:
    names = (f"{PREFIX}-3", f"{PREFIX}-3-x")
    lab, other = (Lab(SCRATCH / name, name) for name in names)
    try:
        updown.up(other, 1)
        updown.down(lab)
        assert updown.is_whole(other)
    finally:
        updown.down(other)
    assert updown.leftovers(other) == ()

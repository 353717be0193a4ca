"""May this disk become this OSD?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.node_agent.disks import SeenDisk
from piston_iac.node_programs.osd_claim import Deed, Osd, WantedOsd, check_own, judge, parse_wanted
from piston_iac.node_programs.program import Fault

FSID, OTHER = "5c5e1f06-52f5-4c4c-9f0e-3d7a9f4a2b11", "00000000-1111-4222-8333-444444444444"
UUID, STRANGER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
WANTED = WantedOsd("s1", 3, UUID, FSID, erase=False)
WHOLE = f"osd:{FSID}/{UUID}/3"


def disk(marker: str, live: bool = False) -> SeenDisk:
    return SeenDisk("/dev/sdx", "s1", 1 << 40, marker, live)


@pytest.mark.parametrize(
    ("marker", "live", "erase", "deed"),
    [
        ("blank", False, False, Deed.MAKE),
        (WHOLE, False, False, Deed.NOTHING),
        (WHOLE, True, False, Deed.NOTHING),
        (WHOLE, False, True, Deed.NOTHING),
        (f"osd:/{UUID}/", False, False, Deed.ERASE_AND_MAKE),
        (f"osd:{FSID}/{STRANGER}/7", False, True, Deed.ERASE_AND_MAKE),
        (f"osd:{OTHER}/{UUID}/3", False, True, Deed.ERASE_AND_MAKE),
        ("foreign:ext4", False, True, Deed.ERASE_AND_MAKE),
    ],
)
def test_what_may_be_done(marker: str, live: bool, erase: bool, deed: Deed) -> None:
    assert judge(disk(marker, live), replace(WANTED, erase=erase)) is deed


@pytest.mark.parametrize(
    ("marker", "live", "erase", "said"),
    [
        (f"osd:{FSID}/{STRANGER}/7", False, False, "not allowed"),
        (f"osd:{OTHER}/{UUID}/3", False, False, "not allowed"),
        (f"osd:{FSID}/{UUID}/4", False, False, "not allowed"),
        (f"osd:/{STRANGER}/", False, False, "not allowed"),
        ("mirror:piston:lab:n1", False, False, "not allowed"),
        ("unreadable", False, False, "not allowed"),
        (f"osd:{FSID}/{STRANGER}/7", True, True, "in use"),
        (f"osd:/{UUID}/", True, False, "in use"),
        ("foreign:ext4", True, True, "in use"),
        ("blank", True, True, "in use"),
    ],
)
def test_what_is_refused(marker: str, live: bool, erase: bool, said: str) -> None:
    with pytest.raises(Fault, match=said):
        judge(disk(marker, live), replace(WANTED, erase=erase))


def test_only_a_whole_osd_of_this_cluster_starts() -> None:
    assert check_own(disk(WHOLE), FSID) == Osd(FSID, UUID, "3")
    for marker, said in (
        (f"osd:{OTHER}/{UUID}/3", f"an OSD of cluster {OTHER}"),
        (f"osd:/{UUID}/", "no whole OSD"),
        ("blank", "no whole OSD but blank"),
    ):
        with pytest.raises(Fault, match=said):
            check_own(disk(marker), FSID)


def test_erasing_is_asked_for_in_so_many_words() -> None:
    request = {"serial": "s1", "id": 3, "uuid": UUID.upper(), "fsid": FSID, "erase": False}
    assert parse_wanted(request) == WANTED
    with pytest.raises(TypeError):
        parse_wanted({**request, "erase": "no"})

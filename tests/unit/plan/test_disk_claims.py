"""Whose data is on a disk decides what may happen to it."""

from dataclasses import replace

import pytest

from piston_iac.disk_claims import Claim, claim_disks
from piston_iac.node_document import LocalMirror, Networking, NodeDocument
from piston_iac.node_report import UNREADABLE, Disk

MIRROR = LocalMirror("piston:lab:n1", "btrfs-raid10", ("a",), "/persist")
DOCUMENT = NodeDocument("lab", "n1", "r", "n1", (), (), Networking("br-data", "", (), ""), MIRROR, (), 1, ())
OSD = "osd:5b1c7a8e-0000-4000-8000-000000000001/0d5f0c55-0000-4000-8000-000000000002/7"
ALLOWED = replace(DOCUMENT, mirror=replace(MIRROR, wipe=("a",)))


@pytest.mark.parametrize(
    ("marker", "live", "claim", "with_wipe"),
    [
        ("blank", False, Claim.MAKE, Claim.MAKE),
        ("mirror:piston:lab:n1", False, Claim.ADOPT, Claim.ADOPT),
        ("mirror:piston:lab:n1", True, Claim.ADOPT, Claim.ADOPT),
        ("mirror:piston:lab:n2", False, Claim.REFUSE, Claim.WIPE),
        ("mirror:piston:other:n1", False, Claim.REFUSE, Claim.WIPE),
        ("foreign:ext4", False, Claim.REFUSE, Claim.WIPE),
        ("foreign:ext4", True, Claim.REFUSE, Claim.REFUSE),
        ("mirror:piston:lab:n2", True, Claim.REFUSE, Claim.REFUSE),
        (OSD, False, Claim.REFUSE, Claim.WIPE),
        (OSD, True, Claim.REFUSE, Claim.REFUSE),
        ("osd:/0d5f0c55-0000-4000-8000-000000000002/", False, Claim.REFUSE, Claim.WIPE),
        ("osd:/0d5f0c55-0000-4000-8000-000000000002/", True, Claim.REFUSE, Claim.REFUSE),
        ("blank", True, Claim.REFUSE, Claim.REFUSE),
    ],
)
def test_claims(marker: str, live: bool, claim: Claim, with_wipe: Claim) -> None:
    disks = [Disk("a", 1, marker, live), Disk("z", 1, "foreign:ext4", True)]
    assert [entry.claim for entry in claim_disks(DOCUMENT, disks)] == [claim]
    assert [entry.claim for entry in claim_disks(ALLOWED, disks)] == [with_wipe]


def test_a_refusal_says_which_osd_is_on_the_disk_and_whether_it_runs() -> None:
    for live, reason in ((False, OSD), (True, f"in use: {OSD}")):
        (entry,) = claim_disks(DOCUMENT, [Disk("a", 1, OSD, live)])
        assert entry.reason == reason


def test_a_missing_disk_is_named() -> None:
    (entry,) = claim_disks(DOCUMENT, [])
    assert entry.claim is Claim.REFUSE
    assert entry.serial == "a"
    assert "no such disk" in entry.reason


def test_what_the_disks_of_a_mirror_become_once_it_is_there() -> None:
    document = replace(DOCUMENT, mirror=replace(MIRROR, disks=("a", "b", "c", "d")))
    ours = Disk("a", 1, "mirror:piston:lab:n1", True)
    disks = [ours, Disk("b", 1, "blank", False), Disk("c", 0, UNREADABLE, True)]
    claims = [entry.claim for entry in claim_disks(document, disks)]
    assert claims == [Claim.ADOPT, Claim.REPLACE, Claim.LACK, Claim.LACK]


def test_an_unreadable_disk_stops_a_new_mirror_even_when_named() -> None:
    (entry,) = claim_disks(ALLOWED, [Disk("a", 0, UNREADABLE, False)])
    assert (entry.claim, entry.reason) == (Claim.REFUSE, "it cannot be read")

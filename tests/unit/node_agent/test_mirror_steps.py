"""What becomes of disks: adopted, made, erased only when told to, refused otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.node_agent.mirror_members import Member
from piston_iac.node_agent.mirror_steps import adoption_plan, mirror_plan, repair_plan
from piston_iac.node_agent.steps import EraseDisk, MakeMirror, MountMirror, Plan, ReplaceDisk
from piston_iac.node_report import UNREADABLE
from tests.unit.node_agent.documents import LABEL, SERIALS, disk, document

OURS = tuple(disk(serial, f"mirror:{LABEL}", filesystem="u1") for serial in SERIALS)
BLANK = tuple(disk(serial) for serial in SERIALS)
DEVICES = tuple(f"/dev/{serial}" for serial in SERIALS)


def wiping(*serials: str):  # type: ignore[no-untyped-def]
    return document(mirror=replace(document().mirror, wipe=serials))


def test_blank_disks_become_a_mirror() -> None:
    plan = mirror_plan(document(), (*BLANK, disk("osd")), mounted=False)
    assert plan.steps == (MakeMirror(LABEL, DEVICES, SERIALS), MountMirror(DEVICES, "/persist"))
    assert plan.faults == ()


def test_our_mirror_is_mounted_and_nothing_else() -> None:
    assert mirror_plan(document(), OURS, mounted=False).steps == (MountMirror(DEVICES, "/persist"),)
    assert mirror_plan(document(), OURS, mounted=True).steps == ()


def members(*names: str, failing: str = "") -> tuple[Member, ...]:
    return tuple(Member(number, name, name == failing) for number, name in enumerate(names, start=1))


def test_a_mirror_that_lacks_a_disk_is_mounted_and_the_lack_is_told() -> None:
    assert mirror_plan(document(), OURS[:3], mounted=False).steps == (MountMirror(DEVICES[:3], "/persist"),)
    plan = repair_plan(document(), OURS[:3], members("d1", "d2", "d3", ""))
    assert plan.steps == ()
    (fault,) = plan.faults
    assert "d4 (no such disk" in fault
    assert "put a blank disk in its place, then run `pulumi up`" in fault


def test_a_lack_is_told_too_while_the_mirror_cannot_be_mounted() -> None:
    (fault,) = repair_plan(document(), OURS[:3], ()).faults
    assert "d4" in fault


def test_a_whole_mirror_needs_no_repair() -> None:
    assert repair_plan(document(), OURS, members(*SERIALS)) == Plan()
    assert repair_plan(document(), BLANK, ()) == Plan()


@pytest.mark.parametrize("name", ["", "old-d2"])
def test_a_blank_disk_takes_the_place_of_a_missing_one(name: str) -> None:
    """Missing since the mount, or pulled while mounted: then btrfs still knows the old one's name."""
    disks = (OURS[0], disk("d2"), *OURS[2:])
    plan = repair_plan(document(), disks, members("d1", name, "d3", "d4"))
    assert plan == Plan((ReplaceDisk(2, "/dev/d2", "d2", "/persist"),))


def test_a_disk_with_a_new_serial_takes_the_place_of_a_missing_one() -> None:
    wanted = document(mirror=replace(document().mirror, disks=("d1", "d9", "d3", "d4")))
    disks = (OURS[0], disk("d9"), *OURS[2:])
    plan = repair_plan(wanted, disks, members("d1", "", "d3", "d4"))
    assert plan == Plan((ReplaceDisk(2, "/dev/d9", "d9", "/persist"),))


def test_one_of_two_missing_disks_is_replaced_and_the_other_told() -> None:
    plan = repair_plan(document(), (OURS[0], disk("d2"), OURS[2]), members("d1", "", "d3", ""))
    assert plan.steps == (ReplaceDisk(2, "/dev/d2", "d2", "/persist"),)
    assert ["d4" in fault for fault in plan.faults] == [True]


def test_foreign_data_in_the_place_of_a_missing_disk_needs_the_operator_s_word() -> None:
    disks = (OURS[0], disk("d2", "foreign:ext4"), *OURS[2:])
    refused = repair_plan(document(), disks, members("d1", "", "d3", "d4"))
    assert refused.steps == ()
    assert "wipe: [d2]" in refused.faults[0]
    allowed = repair_plan(wiping("d2"), disks, members("d1", "", "d3", "d4"))
    assert allowed.steps[0] == EraseDisk("/dev/d2", "d2", "foreign:ext4")
    assert isinstance(allowed.steps[1], ReplaceDisk)


def test_a_blank_disk_that_no_document_names_is_left_alone() -> None:
    plan = repair_plan(document(), (*OURS[:3], disk("osd")), members("d1", "d2", "d3", ""))
    assert plan.steps == ()


def test_a_live_disk_never_enters_the_mirror() -> None:
    disks = (OURS[0], disk("d2", "foreign:ext4", live=True), *OURS[2:])
    assert repair_plan(wiping("d2"), disks, members("d1", "", "d3", "d4")).steps == ()


def test_an_unreadable_disk_is_as_good_as_missing() -> None:
    plan = repair_plan(wiping("d2"), (OURS[0], disk("d2", UNREADABLE), *OURS[2:]), members(*SERIALS))
    assert plan.steps == ()
    assert "d2 (it cannot be read)" in plan.faults[0]


def test_a_replacement_under_way_is_left_to_the_kernel() -> None:
    under_way = (Member(0, "d2", False), *members("d1", "", "d3", "d4"))
    assert repair_plan(document(), (OURS[0], disk("d2"), *OURS[2:]), under_way) == Plan()


def test_a_member_that_loses_writes_is_named() -> None:
    plan = repair_plan(document(), OURS, members(*SERIALS, failing="d3"))
    assert plan.steps == ()
    assert "d3" in plan.faults[0]


def test_a_member_that_no_document_names_is_told() -> None:
    wanted = document(mirror=replace(document().mirror, disks=("d1", "d9", "d3", "d4")))
    plan = repair_plan(wanted, (*OURS, disk("d9")), members(*SERIALS))
    assert plan.steps == ()
    assert "d2 is in the local mirror but not in the stack file" in plan.faults[0]


def test_foreign_data_stops_every_disk() -> None:
    disks = (*BLANK[:3], disk("d4", "foreign:ext4 backup"))
    plan = mirror_plan(document(), disks, mounted=False)
    assert plan.steps == ()
    assert "d4 (ext4 backup)" in plan.faults[0]
    assert "wipe: [d4]" in plan.faults[0]


def test_another_node_s_mirror_is_foreign() -> None:
    disks = (*BLANK[:3], disk("d4", "mirror:piston:lab:n2", filesystem="u2"))
    assert mirror_plan(document(), disks, mounted=False).steps == ()


def test_foreign_data_is_erased_when_its_serial_is_named() -> None:
    disks = (*BLANK[:3], disk("d4", "foreign:ext4"))
    steps = mirror_plan(wiping("d4"), disks, mounted=False).steps
    assert steps[0] == EraseDisk("/dev/d4", "d4", "foreign:ext4")
    assert isinstance(steps[1], MakeMirror)


def test_a_live_disk_is_never_erased() -> None:
    disks = (*BLANK[:3], disk("d4", "foreign:ext4", live=True))
    plan = mirror_plan(wiping("d4"), disks, mounted=False)
    assert plan.steps == ()
    assert "in use" in plan.faults[0]
    assert "wipe:" not in plan.faults[0]


def test_our_own_mirror_is_not_erased_even_when_named() -> None:
    assert mirror_plan(wiping(*SERIALS), OURS, mounted=False).steps == (MountMirror(DEVICES, "/persist"),)


def test_an_older_copy_is_left_alone() -> None:
    old = disk("d4", f"mirror:{LABEL}", filesystem="u0")
    plan = mirror_plan(document(), (*OURS[:3], old), mounted=False)
    assert plan.steps == (MountMirror(DEVICES[:3], "/persist"),)
    seen = members("d1", "d2", "d3", "")
    repair = repair_plan(document(), (*OURS[:3], old), seen)
    assert repair.steps == ()
    assert "wipe: [d4]" in repair.faults[0]
    allowed = repair_plan(wiping("d4"), (*OURS[:3], old), seen)
    assert [type(step) for step in allowed.steps] == [EraseDisk, ReplaceDisk]


def test_another_backend_is_a_fault_that_names_the_remedy() -> None:
    wanted = document(mirror=replace(document().mirror, backend="md-raid10"))
    plan = mirror_plan(wanted, BLANK, mounted=False)
    assert plan.steps == ()
    assert "btrfs-raid10" in plan.faults[0]


def test_adoption_before_any_document_touches_only_our_label() -> None:
    assert adoption_plan(LABEL, "/persist", OURS, mounted=False).steps == (MountMirror(DEVICES, "/persist"),)
    assert adoption_plan(LABEL, "/persist", BLANK, mounted=False).steps == ()
    assert adoption_plan("piston:lab:n2", "/persist", OURS, mounted=False).steps == ()

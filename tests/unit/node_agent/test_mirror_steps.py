"""What becomes of disks: adopted, made, erased only when told to, refused otherwise."""

from __future__ import annotations

from dataclasses import replace

from piston_iac.node_agent.mirror_steps import adoption_plan, mirror_plan
from piston_iac.node_agent.steps import EraseDisk, MakeMirror, MountMirror
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


def test_a_mirror_that_lacks_a_disk_is_mounted_and_the_lack_is_told() -> None:
    plan = mirror_plan(document(), OURS[:3], mounted=False)
    assert plan.steps == (MountMirror(DEVICES[:3], "/persist"),)
    assert "d4 (no such disk" in plan.faults[0]
    assert "wipe:" not in plan.faults[0]


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
    assert "d4" in plan.faults[0]


def test_another_backend_is_a_fault_that_names_the_remedy() -> None:
    wanted = document(mirror=replace(document().mirror, backend="md-raid10"))
    plan = mirror_plan(wanted, BLANK, mounted=False)
    assert plan.steps == ()
    assert "btrfs-raid10" in plan.faults[0]


def test_adoption_before_any_document_touches_only_our_label() -> None:
    assert adoption_plan(LABEL, "/persist", OURS, mounted=False).steps == (MountMirror(DEVICES, "/persist"),)
    assert adoption_plan(LABEL, "/persist", BLANK, mounted=False).steps == ()
    assert adoption_plan("piston:lab:n2", "/persist", OURS, mounted=False).steps == ()

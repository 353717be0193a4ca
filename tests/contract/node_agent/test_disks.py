"""Mirrors on real loop devices with real btrfs: made, adopted, degraded, refused, erased.

lsblk knows no serials of loop devices, so the tests hand `examine` what lsblk would say. Needs root.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from piston_iac.node_agent import do_mirror
from piston_iac.node_agent.disks import SeenDisk, examine, mirror_state
from piston_iac.node_agent.mirror_members import see_members
from piston_iac.node_agent.mirror_steps import adoption_plan, mirror_plan, repair_plan
from piston_iac.node_agent.steps import EraseDisk, MakeMirror, MountMirror, Plan, ReplaceDisk
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_document import NodeDocument
from piston_iac.node_report import MirrorState
from tests.unit.node_agent.documents import LABEL, document
from tests.unit.node_agent.osd_labels import BEGUN, FSID, OSD_ID, OSD_UUID, WHOLE

_DISK_BYTES = 256 * 1024 * 1024


def call(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@dataclass
class Rack:
    """Four disks of one machine and a place to mount."""

    files: list[Path]
    devices: list[str]
    mount: Path
    pulled: list[str] = field(default_factory=list)

    @property
    def document(self) -> NodeDocument:
        return document(mirror=replace(document().mirror, mount=str(self.mount)))

    def see(self) -> tuple[SeenDisk, ...]:
        blocks = [
            {
                "kname": Path(device).name,
                "path": device,
                "serial": f"d{number}",
                "size": int(call("lsblk", "-n", "-b", "-o", "SIZE", device)),
                "type": "loop",
                "mountpoints": call("lsblk", "-n", "-o", "MOUNTPOINTS", device).split(),
            }
            for number, device in enumerate(self.devices, start=1)
        ]
        return examine(blocks)

    def plan(self, wanted: NodeDocument | None = None) -> Plan:
        return mirror_plan(wanted or self.document, self.see(), self.mount.is_mount())

    def do(self, plan: Plan) -> None:
        for step in plan.steps:
            assert isinstance(step, EraseDisk | MakeMirror | MountMirror | ReplaceDisk)
            do_mirror.do(step)

    def repair(self, wanted: NodeDocument | None = None) -> Plan:
        disks = self.see()
        own = next(disk.filesystem for disk in disks if disk.filesystem)
        return repair_plan(wanted or self.document, disks, see_members(own, str(self.mount)))

    def pull(self, number: int) -> None:
        """Disk `number` (1 to 4) is gone from one moment to the next: no bytes, no capacity."""
        with self.files[number - 1].open("wb"):
            call("losetup", "--set-capacity", self.devices[number - 1])

    def insert_blank(self, number: int) -> None:
        """A blank disk with that serial number, at a device of its own."""
        self.pulled.append(self.devices[number - 1])
        file = self.files[number - 1].with_suffix(".new")
        with file.open("wb") as stream:
            stream.truncate(_DISK_BYTES)
        self.devices[number - 1] = call("losetup", "--find", "--show", str(file))

    def state(self) -> MirrorState:
        return mirror_state(LABEL, self.see(), self.document.mirror.disks)

    def unmount(self) -> None:
        call("umount", str(self.mount))


@pytest.fixture
def rack(tmp_path: Path) -> Iterator[Rack]:
    files = [tmp_path / f"disk{number}" for number in range(4)]
    mount = tmp_path / "persist"
    devices: list[str] = []
    rack = Rack(files, devices, mount)
    try:
        for file in files:
            with file.open("wb") as stream:
                stream.truncate(_DISK_BYTES)
            devices.append(call("losetup", "--find", "--show", str(file)))
        yield rack
    finally:
        if mount.is_mount():
            call("umount", str(mount))
        for device in (*devices, *rack.pulled):
            subprocess.run(["losetup", "--detach", device], check=False, capture_output=True)


def test_blank_disks_become_a_healthy_mirror_and_a_second_look_finds_nothing_to_do(rack: Rack) -> None:
    assert {disk.marker for disk in rack.see()} == {"blank"}
    rack.do(rack.plan())
    assert rack.plan() == Plan()
    state = mirror_state(LABEL, rack.see())
    assert (state.state, state.profile, state.disks) == ("healthy", "raid10", ("d1", "d2", "d3", "d4"))
    assert all(disk.live for disk in rack.see())


def test_a_mirror_and_its_data_are_adopted_after_a_power_cycle(rack: Rack) -> None:
    rack.do(rack.plan())
    (rack.mount / "kept").write_text("data")
    rack.unmount()
    assert mirror_state(LABEL, rack.see()).state == "absent"
    rack.do(adoption_plan(LABEL, str(rack.mount), rack.see(), mounted=False))
    assert (rack.mount / "kept").read_text() == "data"
    assert rack.plan() == Plan()


def test_a_mirror_with_a_dead_disk_is_mounted_and_reported_degraded(rack: Rack) -> None:
    rack.do(rack.plan())
    (rack.mount / "kept").write_text("data")
    rack.unmount()
    call("losetup", "--detach", rack.devices.pop())
    # The kernel remembers devices it has seen; a fresh boot would not know the dead one.
    call("btrfs", "device", "scan", "--forget")
    rack.do(rack.plan())
    assert "d4" in rack.repair().faults[0]
    assert (rack.mount / "kept").read_text() == "data"
    state = mirror_state(LABEL, rack.see())
    assert (state.state, state.disks) == ("degraded", ("d1", "d2", "d3"))


DATA = b"kept over the death of a disk " * 100_000


@pytest.mark.parametrize("number", [1, 3])
def test_a_disk_that_is_swapped_while_mounted_is_replaced_and_no_data_is_lost(
    rack: Rack, number: int
) -> None:
    rack.do(rack.plan())
    (rack.mount / "kept").write_bytes(DATA)
    call("sync", "--file-system", str(rack.mount))
    rack.pull(number)
    serial = f"d{number}"
    assert (rack.state().state, rack.state().missing) == ("degraded", (serial,))
    (rack.mount / "later").write_bytes(DATA)
    call("sync", "--file-system", str(rack.mount))
    plan = rack.repair()
    assert plan.steps == ()
    assert f"{serial} (it cannot be read)" in plan.faults[0]

    rack.insert_blank(number)
    rack.do(rack.repair())
    assert rack.repair() == Plan()
    assert rack.state() == MirrorState("healthy", LABEL, "raid10", ("d1", "d2", "d3", "d4"))
    assert "no errors found" in call("btrfs", "scrub", "start", "-B", str(rack.mount))
    rack.unmount()
    rack.do(rack.plan())
    assert rack.state().state == "healthy"
    assert {(rack.mount / name).read_bytes() for name in ("kept", "later")} == {DATA}


def test_a_disk_that_died_before_the_boot_is_replaced(rack: Rack) -> None:
    rack.do(rack.plan())
    (rack.mount / "kept").write_bytes(DATA)
    rack.unmount()
    rack.pull(4)
    call("btrfs", "device", "scan", "--forget")
    rack.do(rack.plan())
    assert rack.state().missing == ("d4",)
    rack.insert_blank(4)
    rack.do(rack.repair())
    assert rack.state().state == "healthy"
    assert (rack.mount / "kept").read_bytes() == DATA


def test_a_new_disk_with_data_enters_only_when_its_serial_is_named(rack: Rack) -> None:
    rack.do(rack.plan())
    rack.pull(2)
    rack.insert_blank(2)
    call("mkfs.ext4", "-q", rack.devices[1])
    plan = rack.repair()
    assert plan.steps == ()
    assert "d2 (ext4)" in plan.faults[0]
    rack.do(rack.repair(replace(rack.document, mirror=replace(rack.document.mirror, wipe=("d2",)))))
    assert rack.state().state == "healthy"


def test_a_disk_that_a_process_holds_open_does_not_enter_the_mirror(rack: Rack) -> None:
    rack.do(rack.plan())
    rack.pull(2)
    rack.insert_blank(2)
    with Path(rack.devices[1]).open("r+b"), pytest.raises(ToolFailed, match="in use by process"):
        rack.do(rack.repair())
    assert rack.state().state == "degraded"


def test_a_member_of_the_mounted_mirror_is_not_read(rack: Rack) -> None:
    """One that hangs would hold up whoever reads it; btrfs knows what it is."""
    rack.do(rack.plan())
    call("btrfs", "filesystem", "sync", str(rack.mount))
    before = [Path(f"/sys/class/block/{Path(device).name}/stat").read_text() for device in rack.devices]
    rack.see()
    after = [Path(f"/sys/class/block/{Path(device).name}/stat").read_text() for device in rack.devices]
    assert [line.split()[0] for line in before] == [line.split()[0] for line in after]


def test_foreign_data_is_refused_and_untouched_until_its_serial_is_named(rack: Rack) -> None:
    call("mkfs.ext4", "-q", "-L", "precious", rack.devices[2])
    before = rack.files[2].read_bytes()[:1_000_000]
    plan = rack.plan()
    assert plan.steps == ()
    assert "d3 (ext4 precious)" in plan.faults[0]
    assert rack.files[2].read_bytes()[:1_000_000] == before
    rack.do(rack.plan(replace(rack.document, mirror=replace(rack.document.mirror, wipe=("d3",)))))
    assert mirror_state(LABEL, rack.see()).state == "healthy"


def test_a_partition_table_is_foreign_and_can_be_erased(rack: Rack) -> None:
    # A master boot record with one Linux partition at sector 2048.
    entry = bytes([0, 0, 2, 0, 0x83, 0, 0, 0]) + (2048).to_bytes(4, "little") + (20480).to_bytes(4, "little")
    with rack.files[0].open("r+b") as stream:
        stream.write(bytes(446) + entry + bytes(48) + b"\x55\xaa")
    call("blockdev", "--flushbufs", rack.devices[0])
    assert rack.see()[0].marker == "foreign:dos"
    rack.do(rack.plan(replace(rack.document, mirror=replace(rack.document.mirror, wipe=("d1",)))))
    assert mirror_state(LABEL, rack.see()).state == "healthy"


def test_data_without_a_signature_is_not_blank(rack: Rack) -> None:
    with rack.files[1].open("r+b") as stream:
        stream.write(b"raw database")
    call("blockdev", "--flushbufs", rack.devices[1])
    assert rack.see()[1].marker == "foreign:data without a known signature"
    assert rack.plan().steps == ()


def test_a_mounted_disk_is_refused_even_when_named(rack: Rack, tmp_path: Path) -> None:
    call("mkfs.ext4", "-q", rack.devices[0])
    other = tmp_path / "other"
    other.mkdir()
    call("mount", rack.devices[0], str(other))
    try:
        wanted = replace(rack.document, mirror=replace(rack.document.mirror, wipe=("d1",)))
        plan = rack.plan(wanted)
        assert plan.steps == ()
        assert "in use" in plan.faults[0]
    finally:
        call("umount", str(other))


def test_a_disk_that_a_process_holds_open_is_not_erased(rack: Rack) -> None:
    call("mkfs.ext4", "-q", rack.devices[0])
    with Path(rack.devices[0]).open("r+b"), pytest.raises(ToolFailed, match="in use by process"):
        do_mirror.do(EraseDisk(rack.devices[0], "d1", "foreign:ext4"))
    assert rack.see()[0].marker == "foreign:ext4"


def test_a_disk_that_somebody_only_reads_is_erased(rack: Rack) -> None:
    """This agent itself reads the head of each disk whenever somebody asks for a report."""
    call("mkfs.ext4", "-q", rack.devices[0])
    with Path(rack.devices[0]).open("rb"):
        do_mirror.do(EraseDisk(rack.devices[0], "d1", "foreign:ext4"))
    assert rack.see()[0].marker != "foreign:ext4"


def test_mkfs_itself_refuses_a_disk_that_is_not_blank(rack: Rack) -> None:
    call("mkfs.ext4", "-q", rack.devices[3])
    with pytest.raises(ToolFailed):
        do_mirror.do(MakeMirror(LABEL, tuple(rack.devices), ("d1", "d2", "d3", "d4")))
    assert rack.see()[3].marker == "foreign:ext4"


def write_label(rack: Rack, number: int, label: bytes) -> None:
    with Path(rack.devices[number - 1]).open("r+b") as stream:
        stream.write(label)
        os.fsync(stream.fileno())


@contextmanager
def held(device: str) -> Iterator[None]:
    """As bluestore holds its disk: opened exclusively, with a write lock of the open file on all of it."""
    descriptor = os.open(device, os.O_RDWR | os.O_EXCL)
    try:
        # l_type, l_whence, l_start, l_len, l_pid
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        yield
    finally:
        os.close(descriptor)


def test_osds_are_told_from_their_labels(rack: Rack) -> None:
    write_label(rack, 1, WHOLE)
    write_label(rack, 2, BEGUN)
    write_label(rack, 3, WHOLE[:300] + bytes([WHOLE[300] ^ 1]) + WHOLE[301:])
    assert [disk.marker for disk in rack.see()] == [
        f"osd:{FSID}/{OSD_UUID}/{OSD_ID}",
        f"osd:/{OSD_UUID}/",
        "foreign:ceph_bluestore",
        "blank",
    ]
    assert not any(disk.live for disk in rack.see())
    assert rack.plan().steps == ()


def test_an_osd_that_runs_is_live_and_no_look_gets_in_its_way(rack: Rack) -> None:
    write_label(rack, 2, WHOLE)
    wanted = replace(rack.document, mirror=replace(rack.document.mirror, wipe=("d2",)))
    assert [type(step) for step in rack.plan(wanted).steps] == [EraseDisk, MakeMirror, MountMirror]
    with held(rack.devices[1]):
        assert [disk.live for disk in rack.see()] == [False, True, False, False]
        plan = rack.plan(wanted)
        assert plan.steps == ()
        assert f"d2 (in use: osd:{FSID}/" in plan.faults[0]
        with pytest.raises(ToolFailed, match="in use by process"):
            do_mirror.do(EraseDisk(rack.devices[1], "d2", "osd:"))


def test_a_dead_osd_becomes_part_of_the_mirror_when_its_serial_is_named(rack: Rack) -> None:
    write_label(rack, 2, WHOLE)
    rack.do(rack.plan(replace(rack.document, mirror=replace(rack.document.mirror, wipe=("d2",)))))
    assert rack.state().state == "healthy"

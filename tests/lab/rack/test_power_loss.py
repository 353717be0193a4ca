"""After a power loss: is on the disks what had reached them, all of it, and nothing that had not?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from piston_iac.errors import SetupError
from piston_iac.lab.blackout import black_out
from piston_iac.lab.disks import attached_disks, unplug_all
from piston_iac.lab.faults import wipe_disks
from piston_iac.lab.power import enter_command, power_off, power_on, running
from piston_iac.lab.rack import DISK_BYTES
from piston_iac.lab.run import run
from tests.lab.rack.mirror import in_mirror, make_mirror, members, mount_options
from tests.lab.rack.rig import Bench, wait_until

# Writes files one after another, each with its own name in it, and says how many of them are on the disks.
_WRITER = """n=0
while :; do
    n=$((n + 1))
    echo $n > /root/$n
    busybox sync /root/$n
    echo $n > /acknowledged
done"""


def inside(bench: Bench, *command: str) -> str:
    return run([*enter_command(bench.lab, "n1"), "busybox", *command])


def boot_and_mount(bench: Bench) -> None:
    make_mirror(bench)
    power_on(bench.lab, "n1")
    wait_until("system runs", lambda: running(bench.lab, "n1").state == "system")
    inside(bench, "mount", "-t", "btrfs", "-o", mount_options(bench), members(bench)[0], "/root")


def sizes(bench: Bench) -> list[int]:
    disks = attached_disks(bench.lab, "n1")
    return [int(run(["blockdev", "--getsize64", disk.device])) for disk in disks]


def first_bytes(bench: Bench, slot: int) -> bytes:
    """From the file behind a disk."""
    (path,) = (bench.lab.home("n1") / "disks").glob(f"{slot}-*.img")
    with path.open("rb") as file:
        return file.read(1048576)


def test_unwritten_data_is_lost_and_written_data_is_not(bench: Bench, tmp_path: Path) -> None:
    boot_and_mount(bench)
    inside(bench, "sh", "-c", "echo synced > /root/kept; busybox sync; echo in memory > /root/lost")
    before = attached_disks(bench.lab, "n1")
    done = black_out(bench.lab, ["n1"])
    assert (done.machines, done.disks) == (("n1",), 5)
    assert running(bench.lab, "n1").state == "off"
    assert attached_disks(bench.lab, "n1") == before
    assert sizes(bench) == [DISK_BYTES] * 5
    assert in_mirror(bench, tmp_path / "m", "ls; cat kept").split() == ["kept", "synced"]


def test_power_lost_while_files_are_written(bench: Bench, tmp_path: Path) -> None:
    """Each acknowledged file is there with its content, and the four disks agree with each other."""
    boot_and_mount(bench)
    inside(bench, "sh", "-c", f"({_WRITER}) > /dev/null 2>&1 &")
    wait_until("files are written", lambda: int(inside(bench, "cat", "/acknowledged") or "0") > 20)
    acknowledged = int(inside(bench, "cat", "/acknowledged"))
    black_out(bench.lab, ["n1"])
    verify = "btrfs scrub start -B . > scrub; btrfs device stats --check . > stats; rm scrub stats"
    read = 'for n in $(seq "$4"); do [ "$(cat $n)" = $n ] || echo missing $n; done'
    assert in_mirror(bench, tmp_path / "m", f"{verify}; {read}", str(acknowledged)) == ""


def test_it_can_be_switched_on_again(bench: Bench) -> None:
    power_on(bench.lab, "n1")
    wait_until("system runs", lambda: running(bench.lab, "n1").state == "system")
    power_off(bench.lab, "n1", hard=True)


def test_a_machine_that_is_off_loses_nothing_and_what_was_interrupted_is_finished(bench: Bench) -> None:
    for cut in unplug_all(bench.lab, "n1"):
        cut()
    assert sizes(bench) == [0] * 5
    done = black_out(bench.lab, ["n1"])
    assert done.machines == ()
    assert sizes(bench) == [DISK_BYTES] * 5


def test_a_cut_disk_keeps_its_bytes_and_takes_no_more(bench: Bench) -> None:
    device = Path(members(bench)[0])
    before = first_bytes(bench, 1)
    unplug_all(bench.lab, "n1")[0]()
    with pytest.raises(OSError), device.open("wb", buffering=0) as disk:
        disk.write(os.urandom(1048576))
    assert first_bytes(bench, 1) == before
    black_out(bench.lab, ["n1"])


def test_the_boot_node_too(bench: Bench) -> None:
    power_on(bench.lab, "boot")
    assert black_out(bench.lab, ["boot"]).machines == ("boot",)
    assert running(bench.lab, "boot").state == "off"


def test_wiped_disks_are_blank_and_say_the_same_serial(bench: Bench) -> None:
    make_mirror(bench)
    before = [disk.serial for disk in attached_disks(bench.lab, "n1")]
    assert wipe_disks(bench.lab, bench.node, (1, 2)) == ("n1-local-1", "n1-local-2")
    assert [disk.serial for disk in attached_disks(bench.lab, "n1")] == before
    signatures = [run(["wipefs", "--noheadings", device]).strip() for device in members(bench)]
    assert [bool(it) for it in signatures] == [False, False, True, True]
    assert len(wipe_disks(bench.lab, bench.node, ())) == 5
    assert not any(run(["wipefs", "--noheadings", device]).strip() for device in members(bench))


def test_disks_are_not_wiped_while_the_node_is_on(bench: Bench) -> None:
    power_on(bench.lab, "n1")
    with pytest.raises(SetupError, match="it is on"):
        wipe_disks(bench.lab, bench.node, ())
    power_off(bench.lab, "n1", hard=True)
    with pytest.raises(SetupError, match="no disk in that slot"):
        wipe_disks(bench.lab, bench.node, (6,))

"""A local mirror on the disks of the node under test, handled from outside while the node is off."""

from __future__ import annotations

from pathlib import Path

from piston_iac.lab.disks import attached_disks
from piston_iac.lab.run import run
from tests.lab.rack.rig import Bench

LABEL = "piston:test:n1"
_MOUNT = 'mount -o "$1" "$2" "$3"'


def members(bench: Bench) -> list[str]:
    """The devices of the four local disks, as far as they are there."""
    return [disk.device for disk in attached_disks(bench.lab, "n1") if disk.slot <= 4]


def make_mirror(bench: Bench) -> None:
    """An empty mirror over the four local disks."""
    options = ["-q", "-f", "-L", LABEL, "-d", "raid10", "-m", "raid10"]
    run(["mkfs.btrfs", *options, *members(bench)])


def mount_options(bench: Bench) -> str:
    """Names every member, so that nothing has to be scanned before."""
    return ",".join(f"device={device}" for device in members(bench))


def in_mirror(bench: Bench, mount_point: Path, script: str, *arguments: str) -> str:
    """What a script prints that runs in the mounted mirror; its arguments begin at $4."""
    mount_point.mkdir(exist_ok=True)
    first = [mount_options(bench), members(bench)[0], str(mount_point)]
    whole = f'{_MOUNT}; cd "$3"; {script}; cd /; umount "$3"'
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", whole, "sh"]
    return run([*apart, *first, *arguments])

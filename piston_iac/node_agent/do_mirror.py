"""How disks are erased, and a mirror made, mounted and repaired."""

from __future__ import annotations

import os
from pathlib import Path

from piston_iac.node_agent.image_cache import limit_images
from piston_iac.node_agent.steps import (
    CapImageCache,
    ConvertMirror,
    EraseDisk,
    MakeMirror,
    MountMirror,
    ReplaceDisk,
)
from piston_iac.node_agent.tools import ToolFailed, run

# Copying a disk of many terabytes takes the better part of a day.
_REPLACE_LIMIT_S = 48 * 3600.0


def do(step: EraseDisk | MakeMirror | MountMirror | ReplaceDisk | ConvertMirror | CapImageCache) -> None:
    """Do one step on disks.

    Raises:
        ToolFailed: a program failed, or a disk is in use after all.
    """
    match step:
        case EraseDisk():
            _erase(step)
        case MakeMirror():
            # Without -f: mkfs itself refuses a disk that carries something.
            run("mkfs.btrfs", "-q", "-L", step.label, "-d", "raid10", "-m", "raid10", *step.devices)
        case MountMirror():
            _mount(step)
        case ReplaceDisk():
            _replace(step)
        case ConvertMirror():
            # soft: blocks that are raid10 already are not moved.
            convert = ("-dconvert=raid10,soft", "-mconvert=raid10,soft")
            run("btrfs", "balance", "start", *convert, step.mount, limit_s=_REPLACE_LIMIT_S)
        case CapImageCache():
            limit_images(step.mount, step.limit_bytes)


def _erase(step: EraseDisk) -> None:
    _refuse_if_open(step.device, step.serial)
    # wipefs opens the disk exclusively: the kernel refuses when something has claimed it.
    run("wipefs", "--all", *_partitions(step.device), step.device)


def _replace(step: ReplaceDisk) -> None:
    _refuse_if_open(step.device, step.serial)
    # -r: read from the twin; the kernel may still try a disk that was pulled while mounted. -f: what was
    # on the new disk was judged before. `btrfs device scan` is not for this: it fails on a blank disk.
    start = ("btrfs", "replace", "start", "-B", "-f", "-r")
    run(*start, str(step.member), step.device, step.mount, limit_s=_REPLACE_LIMIT_S)


def _refuse_if_open(device: str, serial: str) -> None:
    user = _user_of(device)
    if user:
        raise ToolFailed(f"disk {serial} is in use by process {user}")


def _mount(step: MountMirror) -> None:
    Path(step.mount).mkdir(parents=True, exist_ok=True)
    # Naming every device spares a scan, which needs udev.
    others = [f"device={device}" for device in step.devices[1:]]
    options = ",".join(["noatime", *others])
    command = ("mount", "-t", "btrfs", "-o")
    try:
        run(*command, options, step.devices[0], step.mount)
    except ToolFailed:
        run(*command, f"{options},degraded", step.devices[0], step.mount)


def _partitions(device: str) -> list[str]:
    name = Path(device).name
    return [f"/dev/{path.parent.name}" for path in Path("/sys/class/block").glob(f"{name}/{name}*/partition")]


def _user_of(device: str) -> str:
    """The process that holds the disk open for writing, if any: a Ceph OSD does so without claiming it.

    Readers do not count: whoever asks for a report has this very agent read the head of each disk.
    """
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == device and _writes(link):
                return link.parts[2]
        except OSError:
            continue  # the process has ended, or the file was closed
    return ""


def _writes(link: Path) -> bool:
    """True for a descriptor that is open for writing. Source: proc_pid_fdinfo(5), flags in octal."""
    told = (link.parents[1] / "fdinfo" / link.name).read_text().splitlines()
    flags = next(int(line.split()[1], 8) for line in told if line.startswith("flags:"))
    return flags & os.O_ACCMODE != os.O_RDONLY

"""Loop devices: a file as a disk. Found by their file, so that no list of them can go stale.

Source: linux/loop.h.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import TimedOut
from piston_iac.lab.run import CommandFailed, run

_SET_STATUS, _GET_STATUS, _CLEAR = 0x4C04, 0x4C05, 0x4C01
_STATUS_BYTES, _OFFSET_AT = 232, 24
_RELEASE_S = 20.0


def loop_devices() -> dict[str, str]:
    """Every loop device in use on this machine: device path to backing file."""
    listed = run(["losetup", "--list", "--json", "--output", "NAME,BACK-FILE"])
    if not listed.strip():
        return {}
    return {it["name"]: str(it["back-file"]) for it in json.loads(listed)["loopdevices"]}


def find(file: Path) -> str:
    """The loop device of a file, empty for none. Asked by inode: in a chroot the kernel's path is another."""
    listed = run(["losetup", "--noheadings", "--output", "NAME", "--associated", str(file)])
    return next(iter(listed.split()), "")


def attach(file: Path, *, read_only: bool = False) -> str:
    """The loop device of a file, made when there is none. Disks bypass the page cache."""
    mode = ["--read-only"] if read_only else ["--direct-io=on"]
    return find(file) or run(["losetup", "--find", "--show", *mode, str(file)]).strip()


def detach(device: str) -> None:
    """Free a loop device; one that is still mounted is freed when that ends."""
    run(["losetup", "--detach", device])


def cut(device: str, size_bytes: int) -> None:
    """Take all capacity from a disk at once. Its file stays as it is now, whatever the kernel still writes.

    The disk begins behind the end of its file from now on, so nothing of the file belongs to it any more:
    requests under way are finished, all later ones are I/O errors. (A late one may land behind the end.)

    Args:
        size_bytes: size of its file.
    """
    with _opened(device) as descriptor:
        status = bytearray(_STATUS_BYTES)
        fcntl.ioctl(descriptor, _GET_STATUS, status)
        struct.pack_into("=Q", status, _OFFSET_AT, size_bytes)
        fcntl.ioctl(descriptor, _SET_STATUS, status)


def release(device: str) -> None:
    """Free a loop device and wait until the kernel has let go of its file.

    Raises:
        TimedOut: something still uses it, as a mounted file system.
    """
    with _opened(device) as descriptor:
        fcntl.ioctl(descriptor, _CLEAR)
    deadline = Deadline.after(_RELEASE_S)
    while (Path("/sys/block") / Path(device).name / "loop/backing_file").exists():
        if deadline.over():
            raise TimedOut(device, "free it", f"in use after {_RELEASE_S:.0f} s", f"See `fuser -vm {device}`")
        deadline.pause(0.02)


def attach_as(file: Path, device: str) -> str:
    """Attach a disk's file as that device where it is free, else as any other. Returns which it is."""
    try:
        run(["losetup", "--direct-io=on", device, str(file)])
    except CommandFailed:
        return attach(file)
    return device


@contextmanager
def _opened(device: str) -> Iterator[int]:
    descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def detach_below(directory: Path) -> None:
    """Free every loop device whose file is, or was, below a directory."""
    for device, backing in loop_devices().items():
        if backing.startswith(f"{directory}/"):
            detach(device)

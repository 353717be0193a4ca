"""Which disks does a program hold exclusively?

An OSD that runs, or is being made, holds a write lock on its disk's device file (Ceph 18.2.7: one of the
open file, with no process id, so it is seen from every PID namespace). /proc/locks tells this without
touching the disk. An exclusive open would tell it too, but an OSD that starts in that very moment would
fail: it opens its disk exclusively itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_LOCKS = Path("/proc/locks")
_FIELDS = 8

# Major and minor number of the file system that holds the device file, and the file's inode.
DeviceFile = tuple[int, int, int]


def see_held() -> Callable[[str], bool]:
    """Look once; what comes back answers for one device path after the other.

    Raises:
        OSError: /proc is not there.
    """
    held = parse_locks(_LOCKS.read_text())
    return lambda path: _device_file(path) in held


def parse_locks(text: str) -> frozenset[DeviceFile]:
    """The files that somebody has locked for writing. Source: proc_locks(5).

    A line is `25: OFDLCK ADVISORY  WRITE -1 00:06:165 0 EOF`; one that waits for a lock has `->` after the
    number. Numbers of devices are hexadecimal, inodes decimal.
    """
    return frozenset(
        _file(fields[5])
        for fields in map(str.split, text.splitlines())
        if len(fields) == _FIELDS and fields[3] == "WRITE"
    )


def _file(text: str) -> DeviceFile:
    major, minor, inode = text.split(":")
    return int(major, 16), int(minor, 16), int(inode)


def _device_file(path: str) -> DeviceFile | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return os.major(found.st_dev), os.minor(found.st_dev), found.st_ino

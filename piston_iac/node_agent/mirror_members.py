"""The members of a mounted mirror, by btrfs's own numbers: which disk of the kernel each one is.

A disk that was pulled while mounted keeps its number and its name here until the mirror is mounted anew.
Source: linux/btrfs.h (BTRFS_IOC_DEV_INFO), and /sys/fs/btrfs/<uuid>/devinfo.
"""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from piston_iac.node_agent.disks import BTRFS, has_failed

_DEV_INFO = 0xD000941E
_INFO_BYTES = 4096
_PATH_AT = 3072
# The number that btrfs gives to the disk that a replacement under way writes to.
REPLACEMENT = 0


@dataclass(frozen=True)
class Member:
    """One member. `name` is the kernel's, empty when it was missing at the mount already."""

    number: int
    name: str
    failing: bool


def see_members(filesystem: str, mount: str) -> tuple[Member, ...]:
    """All members of the mirror that is mounted there, by number.

    Args:
        filesystem: its UUID.
    Raises:
        OSError: it is not a mounted btrfs.
    """
    infos = sorted((BTRFS / filesystem / "devinfo").iterdir(), key=lambda path: int(path.name))
    descriptor = os.open(mount, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return tuple(
            Member(int(info.name), _name(descriptor, int(info.name)), has_failed(info)) for info in infos
        )
    finally:
        os.close(descriptor)


def _name(descriptor: int, number: int) -> str:
    buffer = bytearray(_INFO_BYTES)
    struct.pack_into("=Q", buffer, 0, number)
    fcntl.ioctl(descriptor, _DEV_INFO, buffer)
    return Path(buffer[_PATH_AT:].split(b"\0", 1)[0].decode()).name

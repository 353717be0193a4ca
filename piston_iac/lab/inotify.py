"""A directory that tells when a file in it was replaced or removed.

Source: inotify(7). Python's library has no call for it.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

MOVED_TO, DELETED = 0x80, 0x200
_EVENT = struct.Struct("iIII")
_READ_BYTES = 65536


def parse_events(data: bytes) -> list[tuple[int, str]]:
    """Kind and file name of each event in what the kernel gave. Pure."""
    found, at = [], 0
    while at < len(data):
        _, mask, _, length = _EVENT.unpack_from(data, at)
        at += _EVENT.size
        found.append((mask, data[at : at + length].rstrip(b"\0").decode()))
        at += length
    return found


class Watch:
    """Watches one directory. `descriptor` is readable when there is something to tell.

    Raises:
        OSError: there is no such directory, or the kernel has no watch left.
    """

    def __init__(self, directory: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        path, mask = os.fsencode(directory), MOVED_TO | DELETED
        if self.descriptor < 0 or libc.inotify_add_watch(self.descriptor, path, mask) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(directory))

    def events(self) -> list[tuple[int, str]]:
        """What happened since the last call: kind and file name."""
        return parse_events(os.read(self.descriptor, _READ_BYTES))

"""The parts of a disk that boots, as bytes. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

SECTOR = 512
FIRST_SECTOR = 2048
"""Of the only partition."""
_FAT16_LBA = 0x0E
_BOOTABLE = 0x80
# Cylinders, heads and sectors: "too far for them", so that the number of the sector counts.
_NO_CHS = b"\xfe\xff\xff"
_TABLE_AT, _CODE = 446, 440
_DIRECTORY, _FILE = 0o040755, 0o100000


@dataclass(frozen=True)
class Entry:
    """A file of the archive; `content` None: a directory. `mode`: permissions of a file."""

    path: str
    content: bytes | None = None
    mode: int = 0o644


def boot_record(code: bytes, sectors: int) -> bytes:
    """The first sector of a disk: boot code, and a table with one partition.

    Args:
        code: what looks for the partition and starts it; its first 440 bytes are used.
        sectors: of the whole disk.
    """
    entry = struct.pack(
        "<B3sB3sII", _BOOTABLE, _NO_CHS, _FAT16_LBA, _NO_CHS, FIRST_SECTOR, sectors - FIRST_SECTOR
    )
    return code[:_CODE].ljust(_TABLE_AT, b"\0") + entry.ljust(64, b"\0") + b"\x55\xaa"


def archive(entries: Iterable[Entry]) -> bytes:
    """A cpio archive as the kernel unpacks it at its start ("newc"), all by root and of no date.

    Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
    """
    whole = b"".join(_record(number, it) for number, it in enumerate(entries, start=1))
    whole += _record(0, Entry("TRAILER!!!", b"", 0))
    return _padded(whole, SECTOR)


def _record(inode: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    content = entry.content or b""
    mode = _DIRECTORY if entry.content is None else _FILE | entry.mode
    links = 2 if entry.content is None else 1
    fields = (inode, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % it for it in fields)
    return _padded(head + name, 4) + _padded(content, 4)


def _padded(data: bytes, to: int) -> bytes:
    return data + b"\0" * (-len(data) % to)

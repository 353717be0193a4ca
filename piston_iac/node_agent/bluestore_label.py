"""The label at the start of an OSD's disk: which OSD it is, and whether its making came to an end.

Source: Ceph 18.2.7, bluestore_bdev_label_t: two lines of text, then a versioned structure, little-endian,
with a map of names to values, then the CRC-32C of all that. A label may hold the OSD's key: it is not read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

LABEL_BYTES = 4096
_MAGIC = b"bluestore block device\n"
_UUID_TEXT_BYTES = 36
# struct_v, compat_v and the length of what follows
_HEADER = struct.Struct("<BBI")
_HEADER_AT = len(_MAGIC) + _UUID_TEXT_BYTES + 1
# Version 2 brought the map.
_OLDEST_VERSION, _NEWEST_COMPAT = 2, 2
_UUID_BYTES = 16
# btime: seconds and nanoseconds
_TIME_BYTES = 8
_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")
_CRC_POLYNOMIAL = 0x82F63B78
_ALL_ONES = 0xFFFFFFFF


@dataclass(frozen=True)
class BluestoreLabel:
    """Who is on a disk. `fsid`, the cluster's, and `osd_id` are empty where the making was cut short."""

    osd_uuid: str
    size_bytes: int
    fsid: str = ""
    osd_id: str = ""

    @property
    def whole(self) -> bool:
        """False when the making of the OSD was cut short."""
        return bool(self.fsid)

    @property
    def marker(self) -> str:
        """As in `node_report.Disk`."""
        return f"osd:{self.fsid}/{self.osd_uuid}/{self.osd_id}"


def parse_label(head: bytes) -> BluestoreLabel | None:
    """Read a label.

    Args:
        head: at least the first `LABEL_BYTES` bytes of a disk.
    Returns:
        None when there is none, or none that Ceph itself would take: cut off, overwritten in part, or of a
        version that this one does not know.
    """
    if not head.startswith(_MAGIC) or len(head) < LABEL_BYTES:
        return None
    try:
        return _parse(head[:LABEL_BYTES])
    except (struct.error, ValueError):
        return None


class _Reader:
    """Takes values off the encoded bytes, in order."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._content):
            raise ValueError("the label ends early")
        taken, self._at = self._content[self._at : end], end
        return taken

    def number(self, form: struct.Struct) -> int:
        return int(form.unpack(self.take(form.size))[0])

    def text(self) -> str:
        return self.take(self.number(_U32)).decode()


def _parse(label: bytes) -> BluestoreLabel | None:
    version, compat, length = _HEADER.unpack_from(label, _HEADER_AT)
    start = _HEADER_AT + _HEADER.size
    (crc,) = _U32.unpack_from(label, start + length)
    if version < _OLDEST_VERSION or compat > _NEWEST_COMPAT or crc != _crc32c(label[: start + length]):
        return None
    reader = _Reader(label[start : start + length])
    osd_uuid = str(UUID(bytes=reader.take(_UUID_BYTES)))
    size_bytes = reader.number(_U64)
    reader.take(_TIME_BYTES)
    reader.text()  # what the device is for: "main"
    values = {}
    for _ in range(reader.number(_U32)):
        name = reader.text()
        values[name] = reader.take(reader.number(_U32))
    if values.get("ready") != b"ready":
        return BluestoreLabel(osd_uuid, size_bytes)
    # Both become parts of a marker: whatever else stands there must not pass for one.
    fsid = str(UUID(values.get("ceph_fsid", b"").decode()))
    return BluestoreLabel(osd_uuid, size_bytes, fsid, _number_text(values.get("whoami", b"")))


def _number_text(value: bytes) -> str:
    if not value.isdigit():
        raise ValueError("the id of the OSD is not a number")
    return str(int(value))


def _crc32c(content: bytes) -> int:
    """CRC-32C as Ceph computes it: it starts with all ones and is not inverted at the end."""
    crc = _ALL_ONES
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _table_entry(index: int) -> int:
    for _ in range(8):
        index = (index >> 1) ^ (_CRC_POLYNOMIAL if index & 1 else 0)
    return index


_TABLE = tuple(map(_table_entry, range(256)))

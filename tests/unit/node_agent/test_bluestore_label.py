"""Labels as Ceph wrote them, and what must not pass for one."""

from __future__ import annotations

import pytest

from piston_iac.node_agent.bluestore_label import BluestoreLabel, _crc32c, parse_label
from piston_iac.node_agent.disk_locks import parse_locks
from piston_iac.node_agent.disks import marker_of
from tests.unit.node_agent.osd_labels import ALMOST, BEGUN, FSID, OSD_ID, OSD_UUID, SIZE_BYTES, WHOLE

BLUESTORE = {"type": "ceph_bluestore", "label": None}
LENGTH_AT, CONTENT_AT = 62, 66


def sealed(label: bytes) -> bytes:
    """With the checksum that fits its content."""
    end = CONTENT_AT + int.from_bytes(label[LENGTH_AT:CONTENT_AT], "little")
    return label[:end] + _crc32c(label[:end]).to_bytes(4, "little") + label[end + 4 :]


def test_a_whole_osd() -> None:
    label = parse_label(WHOLE)
    assert label == BluestoreLabel(OSD_UUID, SIZE_BYTES, FSID, OSD_ID)
    assert label.marker == f"osd:{FSID}/{OSD_UUID}/{OSD_ID}"


@pytest.mark.parametrize("head", [BEGUN, ALMOST])
def test_an_osd_whose_making_was_cut_short_tells_its_uuid_alone(head: bytes) -> None:
    """In the second one cluster and id are written already; only `ready` is missing."""
    label = parse_label(head)
    assert label is not None
    assert label.marker == f"osd:/{OSD_UUID}/"


def test_the_checksum_is_of_castagnoli() -> None:
    """Of "123456789" it is 0xE3069283, inverted at the end, which Ceph leaves out."""
    assert _crc32c(b"123456789") ^ 0xFFFFFFFF == 0xE3069283


@pytest.mark.parametrize("at", [0, 30, 60, 62, 70, 300, 500, 553])
def test_a_changed_byte_is_noticed(at: int) -> None:
    assert parse_label(WHOLE[:at] + bytes([WHOLE[at] ^ 1]) + WHOLE[at + 1 :]) is None


def test_a_boot_record_over_a_label_is_noticed() -> None:
    record = (
        WHOLE[:446] + bytes([0, 0, 2, 0, 0xEE, 255, 255, 255]) + WHOLE[454:510] + b"\x55\xaa" + WHOLE[512:]
    )
    assert parse_label(record) is None


@pytest.mark.parametrize("head", [b"", bytes(4096), WHOLE[:600], b"bluestore block device\n".ljust(4096)])
def test_what_is_no_label(head: bytes) -> None:
    assert parse_label(head) is None


@pytest.mark.parametrize("length", [0, 8, 100, 0xFFFFFFFF])
def test_lengths_that_lie_are_no_label(length: int) -> None:
    lying = WHOLE[:LENGTH_AT] + length.to_bytes(4, "little") + WHOLE[CONTENT_AT:]
    assert parse_label(lying) is None
    assert parse_label(sealed(lying)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FSID.encode(), b"x" * 36),
        (b"whoami\x01\x00\x00\x007", b"whoami\x01\x00\x00\x00/"),
        (b"whoami", b"whoamI"),
        (b"ceph_fsid", b"ceph_fsiD"),
    ],
)
def test_a_ready_osd_without_a_fit_cluster_or_id_is_no_label(old: bytes, new: bytes) -> None:
    assert old in WHOLE
    assert parse_label(sealed(WHOLE.replace(old, new))) is None
    assert parse_label(sealed(WHOLE)) is not None


def test_a_label_of_an_unknown_version_is_none() -> None:
    assert parse_label(sealed(WHOLE[:60] + b"\x01\x01" + WHOLE[62:])) is None
    assert parse_label(sealed(WHOLE[:60] + b"\x04\x03" + WHOLE[62:])) is None
    assert parse_label(sealed(WHOLE[:60] + b"\x03\x01" + WHOLE[62:])) is not None


def test_markers_of_osds() -> None:
    begun, whole = parse_label(BEGUN), parse_label(WHOLE)
    assert marker_of((), False, whole) == f"osd:{FSID}/{OSD_UUID}/{OSD_ID}"
    assert marker_of((BLUESTORE,), False, begun) == f"osd:/{OSD_UUID}/"
    assert marker_of((BLUESTORE, {"type": "gpt"}), False, begun) == "foreign:ceph_bluestore+gpt"
    assert marker_of((BLUESTORE,), False, None) == "foreign:ceph_bluestore"


def test_locks() -> None:
    text = (
        "1: OFDLCK ADVISORY  WRITE -1 00:06:165 0 EOF\n"
        "2: POSIX  ADVISORY  READ 792 00:cb:22 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 792 103:05:23 0 EOF\n"
        "3: -> FLOCK  ADVISORY  WRITE 793 103:05:24 0 EOF\n"
    )
    assert parse_locks(text) == {(0, 6, 165), (0x103, 5, 23)}
    assert parse_locks("") == frozenset()

"""The guest's disk and its archive, as others read them."""

from __future__ import annotations

from piston_iac.micro_os.guest.parts import FIRST_SECTOR, Entry, archive, boot_record


def read(whole: bytes) -> dict[str, tuple[int, bytes]]:
    """Mode and content by path, up to the trailer; the format's own rules, read from its other end."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        assert whole[at : at + 6] == b"070701"
        fields = [int(whole[it : it + 8], 16) for it in range(at + 6, at + 110, 8)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = whole[at + 110 : at + 109 + name_size].decode()
        begin = (at + 110 + name_size + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found[name] = (mode, whole[begin : begin + size])
        at = (begin + size + 3) // 4 * 4


def test_one_partition_to_the_end_of_the_disk() -> None:
    record = boot_record(b"\x90" * 512, 98_304)
    assert len(record) == 512 and record[510:] == b"\x55\xaa"
    assert record[:440] == b"\x90" * 440 and not any(record[440:446])
    entry = record[446:462]
    assert (entry[0], entry[4]) == (0x80, 0x0E)
    numbers = int.from_bytes(entry[8:12], "little"), int.from_bytes(entry[12:16], "little")
    assert numbers == (FIRST_SECTOR, 98_304 - FIRST_SECTOR)
    assert not any(record[462:510])


def test_what_goes_into_an_archive_comes_out() -> None:
    whole = archive((Entry("bin"), Entry("bin/it", b"#!/bin/sh\n", 0o755), Entry("odd", b"abc")))
    assert len(whole) % 512 == 0
    assert read(whole) == {
        "bin": (0o040755, b""),
        "bin/it": (0o100755, b"#!/bin/sh\n"),
        "odd": (0o100644, b"abc"),
    }

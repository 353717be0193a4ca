"""What was said over a cable is put together as it was said."""

from __future__ import annotations

import struct

from tests.lab.wire import conversations

SECRET = b"a secret that the end of a packet cuts"


def packet(protocol: int, inner: bytes, vlan: bool = False) -> bytes:
    """A frame from 10.0.0.1 to 10.0.0.2, padded as short frames are."""
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(inner), 0, 0, 64, protocol, 0, b"\x0a\0\0\1", b"\x0a\0\0\2"
    )
    tag = b"\x81\x00\x00\x14" if vlan else b""
    return bytes(12) + tag + b"\x08\x00" + ip + inner + bytes(6)


def tcp(sequence: int, payload: bytes) -> bytes:
    return struct.pack("!HHIIBBHHH", 4000, 80, sequence, 0, 0x50, 0, 0, 0, 0) + payload


def capture(*packets: bytes) -> bytes:
    records = (struct.pack("<IIII", 0, 0, len(it), len(it)) + it for it in packets)
    return bytes(24) + b"".join(records)


def test_what_two_packets_cut_is_whole_again_whatever_their_order() -> None:
    first, second = tcp(7, SECRET[:9]), tcp(16, SECRET[9:])
    for order in ((first, second), (second, first), (first, first, second, first)):
        found = conversations(capture(*(packet(6, it) for it in order)))
        assert found == {"10.0.0.1:4000 > 10.0.0.2:80": SECRET}


def test_tagged_frames_and_datagrams_count_too() -> None:
    datagram = struct.pack("!HHHH", 5000, 623, 8 + len(SECRET), 0) + SECRET
    found = conversations(capture(packet(17, datagram, vlan=True), packet(6, tcp(1, b""), vlan=True)))
    assert found == {"10.0.0.1:5000 > 10.0.0.2:623": SECRET}


def test_what_is_no_ip_is_passed_over() -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    assert conversations(capture(arp, packet(1, b"ping"))) == {}

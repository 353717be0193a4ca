"""How do RMCP+ packets look? Pure. Source: IPMI 2.0 rev 1.1, sections 13.6, 13.8 and 13.28 to 13.32."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

IPMI, SOL = 0x00, 0x01
OPEN_REQUEST, OPEN_RESPONSE, RAKP1, RAKP2, RAKP3, RAKP4 = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15

_RMCP = b"\x06\x00\xff\x07"
_FORMAT_RMCP_PLUS = 0x06
_ENCRYPTED_AUTHENTICATED = 0xC0
_BMC, _CONSOLE = 0x20, 0x81


@dataclass(frozen=True)
class Suite:
    """A cipher suite with AES-CBC-128. `tag_bytes`: how much of each packet's HMAC is sent."""

    number: int
    authentication: int
    integrity: int
    tag_bytes: int
    digest: Callable[..., Any]

    def mac(self, key: bytes, message: bytes) -> bytes:
        """HMAC with the suite's hash."""
        return hmac.new(key, message, self.digest).digest()


# Section 13.28.1: RAKP-HMAC-SHA256 with HMAC-SHA256-128, and RAKP-HMAC-SHA1 with HMAC-SHA1-96.
SUITE_17 = Suite(17, 3, 4, 16, hashlib.sha256)
SUITE_3 = Suite(3, 1, 1, 12, hashlib.sha1)


@dataclass(frozen=True)
class Keys:
    """What both sides know after a login. `bmc_id` and `console_id` are the session's two ids."""

    suite: Suite
    integrity_key: bytes
    aes_key: bytes
    bmc_id: bytes
    console_id: bytes


@dataclass(frozen=True)
class Packet:
    """A received packet: payload type and content, both verified where the packet is sealed."""

    kind: int
    payload: bytes


def plain_packet(kind: int, payload: bytes) -> bytes:
    """A packet outside of a session (login)."""
    return _RMCP + bytes([_FORMAT_RMCP_PLUS, kind]) + bytes(8) + struct.pack("<H", len(payload)) + payload


def parse_plain(data: bytes) -> Packet | None:
    """A login packet, None for anything else."""
    if (
        len(data) < 16
        or data[:4] != _RMCP
        or data[4] != _FORMAT_RMCP_PLUS
        or data[5] & _ENCRYPTED_AUTHENTICATED
    ):
        return None
    length = struct.unpack_from("<H", data, 14)[0]
    return Packet(data[5], data[16 : 16 + length])


def sealed_packet(keys: Keys, kind: int, sequence: int, payload: bytes, iv: bytes) -> bytes:
    """A packet of a session, encrypted and authenticated. `iv`: 16 random bytes, never used again."""
    padding = -(len(payload) + 1) % 16
    padded = payload + bytes(range(1, padding + 1)) + bytes([padding])
    encryptor = Cipher(algorithms.AES(keys.aes_key), modes.CBC(iv)).encryptor()
    secret = iv + encryptor.update(padded) + encryptor.finalize()
    head = bytes([_FORMAT_RMCP_PLUS, kind | _ENCRYPTED_AUTHENTICATED]) + keys.bmc_id
    body = head + struct.pack("<IH", sequence, len(secret)) + secret
    fill = -(len(body) + 2) % 4
    body += b"\xff" * fill + bytes([fill, 0x07])
    return _RMCP + body + keys.suite.mac(keys.integrity_key, body)[: keys.suite.tag_bytes]


def parse_sealed(keys: Keys, data: bytes) -> Packet | None:
    """A packet of this session; None for what is not, is not whole, or fails its integrity check."""
    tag_bytes = keys.suite.tag_bytes
    if len(data) < 34 + tag_bytes or data[:5] != _RMCP + bytes([_FORMAT_RMCP_PLUS]):
        return None
    if data[5] & _ENCRYPTED_AUTHENTICATED != _ENCRYPTED_AUTHENTICATED or data[6:10] != keys.console_id:
        return None
    tag = keys.suite.mac(keys.integrity_key, data[4:-tag_bytes])[:tag_bytes]
    if not hmac.compare_digest(tag, data[-tag_bytes:]):
        return None
    length = struct.unpack_from("<H", data, 14)[0]
    secret = data[16 : 16 + length]
    if length < 32 or length % 16 or len(secret) != length:
        return None
    decryptor = Cipher(algorithms.AES(keys.aes_key), modes.CBC(secret[:16])).decryptor()
    padded = decryptor.update(secret[16:]) + decryptor.finalize()
    return Packet(data[5] & 0x3F, padded[: len(padded) - padded[-1] - 1])


def request(netfn: int, command: int, data: bytes, sequence: int) -> bytes:
    """An IPMI request message. `sequence` 0 to 63. Source: figure 13-4."""
    head = bytes([_BMC, netfn << 2])
    body = bytes([_CONSOLE, sequence << 2, command]) + data
    return head + _checksum(head) + body + _checksum(body)


def parse_response(payload: bytes, netfn: int, command: int, sequence: int) -> tuple[int, bytes] | None:
    """Completion code and data of the response to that request; None for any other message."""
    if len(payload) < 8 or payload[1] >> 2 != netfn + 1:
        return None
    if payload[4] >> 2 != sequence or payload[5] != command:
        return None
    return payload[6], payload[7:-1]


def _checksum(data: bytes) -> bytes:
    return bytes([-sum(data) & 0xFF])

"""A BMC that offers cipher suite 17 only, which ipmi_sim lacks. It can also refuse a login in any way.

It says as little as a login, a power query and a logout need. That it is right is shown by ipmitool,
which logs in to it; our client must then manage the same.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import threading

from piston_iac.devices.bmc.rmcp.packets import SUITE_17, Keys, parse_sealed, plain_packet, sealed_packet

RMCP = b"\x06\x00\xff\x07"
GUID = bytes(range(16))


def sha256(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


class Suite17Bmc(threading.Thread):
    """`statuses`: RMCP+ status to answer with, by kind of request. `privilege_code`: completion code."""

    def __init__(
        self, user: bytes, password: bytes, statuses: dict[int, int] | None = None, privilege_code: int = 0
    ) -> None:
        super().__init__(daemon=True)
        self._user = user
        self._password = password
        self._statuses = statuses or {}
        self._privilege_code = privilege_code
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port = int(self._socket.getsockname()[1])
        self.suites: list[int] = []
        self._bmc_id = os.urandom(4)
        self._random = os.urandom(16)
        self._keys: Keys | None = None
        self._sequence = 0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                data, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            answer = self._answer(data)
            if answer:
                self._socket.sendto(answer, client)

    def close(self) -> None:
        self._over.set()
        self.join(5)
        self._socket.close()

    def _answer(self, data: bytes) -> bytes | None:
        if data[4] == 0:
            return self._capabilities(data)
        if data[5] == 0xC0:
            return self._command(data)
        payload, kind = data[16:], data[5]
        handler = {0x10: self._open, 0x12: self._rakp1, 0x14: self._rakp3}[kind]
        status = self._statuses.get(kind, 0)
        if kind == 0x10:
            self.suites.append({3: 17, 1: 3}[payload[12]])
            if self.suites[-1] != 17:
                status = 0x11
        if status:
            return plain_packet(kind + 1, bytes([payload[0], status, 0, 0]) + bytes(4))
        return handler(payload)

    def _capabilities(self, data: bytes) -> bytes:
        """Get Channel Authentication Capabilities in IPMI 1.5 format: IPMI 2.0 is here."""
        sequence = data[14 + 4]
        body = bytes([0x20, sequence, 0x38, 0, 1, 0x80, 0x04, 0x02, 0, 0, 0, 0])
        head = bytes([0x81, 0x07 << 2])
        message = head + bytes([-sum(head) & 0xFF]) + body + bytes([-sum(body) & 0xFF])
        return RMCP + bytes(9) + bytes([len(message)]) + message

    def _open(self, payload: bytes) -> bytes:
        self._console_id = payload[4:8]
        algorithms = payload[8:32]
        return plain_packet(0x11, bytes([payload[0], 0, 4, 0]) + self._console_id + self._bmc_id + algorithms)

    def _rakp1(self, payload: bytes) -> bytes:
        self._console_random, role, length = payload[8:24], payload[24], payload[27]
        user = payload[28 : 28 + length]
        self._who = bytes([role, length]) + user
        ids = self._console_id + self._bmc_id
        proof = sha256(self._password, ids + self._console_random + self._random + GUID + self._who)
        answer = bytes([payload[0], 0, 0, 0]) + self._console_id + self._random + GUID + proof
        return plain_packet(0x13, answer)

    def _rakp3(self, payload: bytes) -> bytes | None:
        if payload[1]:
            return None
        if payload[8:40] != sha256(self._password, self._random + self._console_id + self._who):
            return plain_packet(0x15, bytes([payload[0], 0x0F, 0, 0]) + self._console_id)
        session_key = sha256(self._password, self._console_random + self._random + self._who)
        k1, k2 = sha256(session_key, b"\x01" * 20), sha256(session_key, b"\x02" * 20)
        # The ids change places: packets to the BMC carry its id, packets from it the console's.
        self._keys = Keys(SUITE_17, k1, k2[:16], bmc_id=self._console_id, console_id=self._bmc_id)
        check = sha256(session_key, self._console_random + self._bmc_id + GUID)[:16]
        return plain_packet(0x15, bytes([payload[0], 0, 0, 0]) + self._console_id + check)

    def _command(self, data: bytes) -> bytes | None:
        assert self._keys is not None
        packet = parse_sealed(self._keys, data)
        if packet is None:
            return None
        message = packet.payload
        netfn, sequence, command = message[1] >> 2, message[4], message[5]
        code, reply = {
            (0x06, 0x3B): (self._privilege_code, b"\x04"),
            (0x06, 0x3C): (0, b""),
            (0x00, 0x01): (0, b"\x01\x00\x00"),
        }.get((netfn, command), (0xC1, b""))
        head = bytes([0x81, (netfn + 1) << 2])
        body = bytes([0x20, sequence, command, code]) + reply
        answer = head + bytes([-sum(head) & 0xFF]) + body + bytes([-sum(body) & 0xFF])
        self._sequence += 1
        return sealed_packet(self._keys, 0, self._sequence, answer, os.urandom(16))

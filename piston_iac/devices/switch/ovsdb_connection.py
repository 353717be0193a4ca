"""How is one OVSDB server asked? JSON-RPC over TCP (RFC 7047), one short connection per request.

A connection per request needs no lock, no thread and no keep-alive, and never answers from memory when
the switch is gone. The library's replica (`ovs.db.idl`) was measured first: 67 ms of processor time
per call at 60 ports, nearly all in its JSON parser written in Python, so 256 parallel reads took
18 s. Plain requests with the standard library's parser take 1 to 2 ms.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence

from piston_iac.deadline import Deadline
from piston_iac.devices.switch.ovsdb_rows import Snapshot, Write
from piston_iac.devices.switch.ovsdb_wire import (
    Operation,
    Refused,
    parse_snapshot,
    parse_written,
    snapshot_operations,
    write_operations,
)

# A cancel is seen this often, seconds.
_SLICE_S = 0.2
# Pause between two attempts, seconds.
_RETRY_S = 0.25
# Longest time for one attempt to connect, seconds: a lost SYN is sent again sooner than TCP would.
_ATTEMPT_S = 3.0
_ID = 1


class NoAnswer(Exception):
    """The server did not answer before the deadline."""


class _Lost(Exception):
    """The connection broke in the middle of a request."""


class OvsdbServer:
    """One server. Every method may be called from any thread.

    Args:
        address: such as `tcp:10.30.10.2:6640`.
    """

    def __init__(self, address: str) -> None:
        scheme, _, rest = address.partition(":")
        self._host, _, port = rest.rpartition(":")
        if scheme != "tcp" or not self._host or not port.isdigit():
            raise ValueError(f"{address!r} is not an OVSDB address such as tcp:10.30.10.2:6640")
        self._port = int(port)

    def snapshot(self, deadline: Deadline) -> Snapshot:
        """Read everything we use, at one moment.

        Raises:
            NoAnswer: no complete answer before the deadline. Refused: there is no bridge of ours.
        """
        while True:
            try:
                return parse_snapshot(self._transact(snapshot_operations(), deadline))
            except _Lost:
                deadline.pause(_RETRY_S)

    def write(self, decide: Callable[[Snapshot], Sequence[Write]], deadline: Deadline) -> int:
        """Decide on a snapshot and write in one transaction; again when somebody else wrote between.

        A connection that breaks leaves open whether the transaction was done: the next snapshot tells.

        Returns:
            the configuration number to wait for. Nothing is sent when nothing is to be written.
        Raises:
            NoAnswer, Refused, and what `decide` raises.
        """
        while True:
            snapshot = self.snapshot(deadline)
            writes = decide(snapshot)
            if not writes:
                return snapshot.next_cfg
            try:
                cfg = parse_written(self._transact(write_operations(snapshot, writes), deadline))
            except _Lost:
                deadline.pause(_RETRY_S)
                continue
            if cfg is not None:
                return cfg

    def _transact(self, operations: list[Operation], deadline: Deadline) -> object:
        """One connection, one request, one answer."""
        request = {"method": "transact", "params": ["Open_vSwitch", *operations], "id": _ID}
        if deadline.over():
            raise NoAnswer
        try:
            with socket.create_connection((self._host, self._port), _patience(deadline)) as connection:
                connection.settimeout(_patience(deadline))
                connection.sendall(json.dumps(request).encode())
                reply = _reply(connection, deadline)
        except OSError as error:
            raise _Lost from error
        if reply.get("error") is not None:
            raise Refused(str(reply["error"]))
        return reply.get("result")


def _patience(deadline: Deadline) -> float:
    """How long one connect or send may take, seconds. An address nobody owns costs no more."""
    return max(0.05, min(_ATTEMPT_S, deadline.left_s()))


def _reply(connection: socket.socket, deadline: Deadline) -> dict[str, object]:
    """The answer to our request. Anything else the server says is passed over."""
    received = b""
    connection.settimeout(_SLICE_S)
    while not deadline.over():
        try:
            part = connection.recv(1 << 16)
        except TimeoutError:
            continue
        if not part:
            raise _Lost
        received += part
        if received.endswith(b"}"):
            for message in _messages(received):
                if message.get("id") == _ID:
                    return message
    raise NoAnswer


def _messages(received: bytes) -> Iterator[dict[str, object]]:
    """The complete JSON objects in what was received; they follow each other without a separator."""
    decoder, at = json.JSONDecoder(), 0
    try:
        text = received.decode()
        while at < len(text):
            message, at = decoder.raw_decode(text, at)
            yield message
    except ValueError:
        return  # the rest is still on its way

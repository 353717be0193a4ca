"""One HTTPS request to a peer of the site: mutual TLS, a deadline, and errors in the product's terms.

A connection lasts one request: it is cheap (TLS 1.3, Ed25519: a few milliseconds) and leaves nothing
to share between threads. The TLS context is made once for each peer object and is safe to share.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.errors import (
    AccessRefused,
    DeviceRefused,
    Interrupted,
    PistonError,
    TimedOut,
    Unreachable,
    WrongMachine,
)
from piston_iac.trust.authority import Identity
from piston_iac.trust.tls import client_context, peer_name

Body = bytes | Iterable[bytes] | None
_CHUNK_BYTES = 1 << 16
# The state of a thousand nodes takes about 1 MB.
_ANSWER_BYTES = 64 << 20
# A machine on the management network answers within milliseconds, or is not there.
_CONNECT_S = 5.0
# A peer may restart services or flush a disk before it answers. No wait is longer: a cancelled run ends.
_SILENCE_S = 60.0
# How soon a wait for a peer that works for minutes ends after the run was told to stop.
_CANCEL_POLL_S = 0.25


@dataclass(frozen=True)
class Answer:
    """Status, body and headers of a response. `device` names who sent it."""

    device: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            DeviceRefused: it is something else.
        """
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise DeviceRefused(
                self.device, "read its answer", "it is not a JSON object", "Check that releases match."
            )
        return value

    def error(self) -> str:
        """The one line that the peer gives as the reason of an error."""
        try:
            return str(json.loads(self.body)["error"])
        except (ValueError, KeyError, TypeError):
            return f"HTTP status {self.status}"


@dataclass(frozen=True)
class SitePeer:
    """A peer that serves HTTPS within the site.

    Args:
        device: how the operator calls it.
        address: IPv4 address.
        port: TCP port.
        expected_peer: the common name its certificate must carry.
        ca_pem: the site CA.
        identity: who we are; None only where no certificate is needed.
    """

    device: str
    address: str
    port: int
    expected_peer: str
    ca_pem: str
    identity: Identity | None

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return client_context(self.ca_pem, self.identity)

    def request(
        self,
        method: str,
        path: str,
        action: str,
        deadline: Deadline,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = _ANSWER_BYTES,
        patient: bool = False,
    ) -> Answer:
        """Send one request and read the answer, whatever its status.

        Args:
            most_bytes: how long the answer may be.
            patient: the peer works before it answers: wait as long as the deadline allows.
        Raises:
            Unreachable, TimedOut, AccessRefused, WrongMachine, Interrupted: see their texts.
        """
        connected = False
        try:
            with closing(self._connected(deadline)) as connection:
                connected = True
                with _cut_when_over(connection, deadline) if patient else nullcontext():
                    silence_s = deadline.left_s() if patient else _SILENCE_S
                    _send(connection, method, path, body, headers or {}, deadline, silence_s)
                    return self._read(connection.getresponse(), action, deadline, most_bytes)
        except PistonError:
            raise
        except (OSError, HTTPException) as error:
            if patient and connected and deadline.over():
                raise self._over(action, deadline) from error
            raise self._explained(error, action, deadline) from error

    def json(
        self,
        method: str,
        path: str,
        action: str,
        deadline: Deadline,
        value: object = None,
    ) -> dict[str, Any]:
        """Send a JSON value (None: no body), read a JSON object.

        Raises:
            DeviceRefused: the peer said no, with its reason. And those of `request`.
        """
        body = None if value is None else json.dumps(value).encode()
        answer = self.request(method, path, action, deadline, body, {"Content-Type": "application/json"})
        return self.accepted(answer, action).json()

    def accepted(self, answer: Answer, action: str) -> Answer:
        """The answer, when its status says yes.

        Raises:
            AccessRefused: 401 or 403. DeviceRefused: any other error.
        """
        if answer.status in (401, 403):
            raise AccessRefused(
                self.device,
                action,
                answer.error(),
                "Check that the CloudKey and the stack file are of the same site and seed.",
            )
        if not 200 <= answer.status < 300:
            remedy = "Correct that" if answer.status < 500 else f"See the journal of the {self.device}"
            raise DeviceRefused(self.device, action, answer.error(), f"{remedy}, and run again.")
        return answer

    def _connected(self, deadline: Deadline) -> HTTPConnection:
        """A connection whose far end has proved to be the peer we mean."""
        plain = socket.create_connection((self.address, self.port), _wait_s(deadline, _CONNECT_S))
        try:
            secured = self._context.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise
        connection = HTTPConnection(self.address, self.port)
        connection.sock = secured
        found = peer_name(secured)
        if found != self.expected_peer:
            connection.close()
            raise WrongMachine(
                self.device,
                f"talk to {self.address}",
                f"the machine there is {found or 'nobody of this site'}, not {self.expected_peer}",
                "Check addresses and cables.",
            )
        return connection

    def _read(self, response: HTTPResponse, action: str, deadline: Deadline, most_bytes: int) -> Answer:
        gathered = bytearray()
        while chunk := response.read1(_CHUNK_BYTES):
            gathered += chunk
            if deadline.over() or len(gathered) > most_bytes:
                raise self._over(action, deadline)
        return Answer(self.device, response.status, bytes(gathered), dict(response.headers))

    def _over(self, action: str, deadline: Deadline) -> PistonError:
        if deadline.cancelled.is_set():
            return Interrupted(self.device, action, "the run was told to stop", "Run again to continue.")
        return TimedOut(self.device, action, "its answer does not end in time", "Try again.")

    def _explained(self, error: Exception, action: str, deadline: Deadline) -> PistonError:
        """The product's error for what the network or TLS said."""
        if deadline.cancelled.is_set():
            return self._over(action, deadline)
        if isinstance(error, ssl.SSLCertVerificationError):
            return WrongMachine(
                self.device,
                action,
                f"the certificate at {self.address} is not of this site ({error.verify_message})",
                "Check that the CloudKey and the stack file are of the same site and seed.",
            )
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return AccessRefused(
                self.device,
                action,
                f"it refuses our certificate ({error.reason})",
                "Check that the CloudKey and the stack file are of the same site and seed.",
            )
        cause = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        return Unreachable(
            self.device, action, f"{self.address}: {cause}", "Check its power, cables and address."
        )


def _wait_s(deadline: Deadline, most_s: float) -> float:
    """How long one network wait may take. Never 0, which would mean: do not wait at all."""
    return max(0.05, min(most_s, deadline.left_s()))


@contextmanager
def _cut_when_over(connection: HTTPConnection, deadline: Deadline) -> Iterator[None]:
    """End waits on the connection when the deadline is over or the run was told to stop."""
    done = threading.Event()
    # The connection forgets it once the peer said that it will close.
    secured = connection.sock

    def watch() -> None:
        while not done.wait(_CANCEL_POLL_S):
            if deadline.over():
                # Of the plain socket: TLS would drop its state, which the waiting thread still uses.
                with suppress(OSError):
                    socket.socket.shutdown(secured, socket.SHUT_RDWR)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _send(
    connection: HTTPConnection,
    method: str,
    path: str,
    body: Body,
    headers: Mapping[str, str],
    deadline: Deadline,
    silence_s: float,
) -> None:
    """Send the request; a peer that refuses before it has read all still gets to say why."""
    connection.sock.settimeout(_wait_s(deadline, silence_s))
    with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
        connection.request(method, path, body=body, headers=dict(headers))
    connection.sock.settimeout(_wait_s(deadline, silence_s))

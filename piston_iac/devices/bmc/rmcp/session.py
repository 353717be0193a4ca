"""One RMCP+ session: one UDP socket, used by one thread, no state shared with any other session."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.rmcp import login, packets
from piston_iac.devices.bmc.rmcp.errors import Busy, LoginRefused, NoAnswer, Unsupported
from piston_iac.devices.bmc.rmcp.login import Credentials, Opened, Proven
from piston_iac.devices.bmc.rmcp.packets import Keys, Packet, Suite

_APP = 0x06
_SET_PRIVILEGE, _CLOSE_SESSION = 0x3B, 0x3C
_NODE_BUSY = 0xC0
# A login step is sent once and waited for this long; then the whole login starts afresh, because
# BMCs do not take kindly to the same step twice. Seconds.
_LOGIN_WAITS_S = (0.5, 1.0, 2.0, 4.0)
# A command is sent again after these pauses, the last one for ever. Seconds.
_COMMAND_WAITS_S = (0.5, 1.0, 2.0)
_BUSY_PAUSE_S = 0.5
_CLOSE_S = 0.5
# A cancel is seen this often, seconds.
_SLICE_S = 0.2


class Link:
    """Datagrams to and from one BMC.

    Raises:
        NoAnswer: this machine has no way there.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.connect((host, port))
        except OSError as error:
            self._socket.close()
            raise NoAnswer(error.strerror) from None

    def send(self, packet: bytes) -> None:
        """Send, or lose it: no route or no listener is the same as a lost packet."""
        try:
            self._socket.send(packet)
        except OSError:
            return

    def receive(self, deadline: Deadline) -> bytes | None:
        """The next datagram; None when the deadline comes first."""
        while not deadline.over():
            self._socket.settimeout(max(0.001, min(_SLICE_S, deadline.left_s())))
            try:
                return self._socket.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                deadline.pause(0.05)  # an ICMP error: nobody listens there now
        return None

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()


class Session:
    """A session that is logged in. `on_sol` gets serial-over-LAN payloads that come in between."""

    def __init__(self, link: Link, keys: Keys) -> None:
        self._link = link
        self._keys = keys
        self._sequence = 0
        self._request = 0
        self.on_sol: Callable[[bytes], None] = lambda _: None

    def command(self, netfn: int, command: int, data: bytes, deadline: Deadline) -> tuple[int, bytes]:
        """Send a request until it is answered. Returns completion code and data.

        Raises:
            NoAnswer: the deadline came first.
        """
        while True:
            code, reply = self._ask(netfn, command, data, deadline)
            if code != _NODE_BUSY or deadline.over():
                return code, reply
            deadline.pause(_BUSY_PAUSE_S)

    def _ask(self, netfn: int, command: int, data: bytes, deadline: Deadline) -> tuple[int, bytes]:
        self._request = (self._request + 1) % 64
        message = packets.request(netfn, command, data, self._request)
        waits = iter(_COMMAND_WAITS_S)
        wait_s = 0.0
        while not deadline.over():
            self.send(packets.IPMI, message)
            wait_s = next(waits, wait_s)
            turn = deadline.within(wait_s)
            while (packet := self.receive(turn)) is not None:
                answer = packets.parse_response(packet.payload, netfn, command, self._request)
                if answer is not None:
                    return answer
        raise NoAnswer

    def send(self, kind: int, payload: bytes) -> None:
        """Send one payload; nothing is repeated."""
        self._sequence += 1
        self._link.send(packets.sealed_packet(self._keys, kind, self._sequence, payload, os.urandom(16)))

    def receive(self, deadline: Deadline) -> Packet | None:
        """The next IPMI message; serial payloads on the way go to `on_sol`. None at the deadline."""
        while (data := self._link.receive(deadline)) is not None:
            packet = packets.parse_sealed(self._keys, data)
            if packet is not None and packet.kind == packets.SOL:
                self.on_sol(packet.payload)
            elif packet is not None and packet.kind == packets.IPMI:
                return packet
        return None

    def close(self) -> None:
        """Log out; a BMC that does not answer is left alone."""
        try:
            self.command(_APP, _CLOSE_SESSION, self._keys.bmc_id, Deadline.after(_CLOSE_S))
        except NoAnswer:
            pass
        finally:
            self._link.close()


def open_session(host: str, port: int, credentials: Credentials, deadline: Deadline) -> Session:
    """Log in.

    Raises:
        NoAnswer: no answer before the deadline. LoginRefused: at once, after one try.
        Busy: no free session until the deadline. Unsupported: no common cipher suite.
    """
    link = Link(host, port)
    try:
        session = Session(link, _log_in(link, credentials, deadline))
        code, _ = session.command(_APP, _SET_PRIVILEGE, bytes([credentials.privilege]), deadline)
        if code:
            session.close()
            raise LoginRefused(f"the user may not act as administrator (completion code {code:#04x})")
    except BaseException:
        link.close()
        raise
    return session


def check_password(host: str, port: int, credentials: Credentials, deadline: Deadline) -> bool:
    """Does the user have this password? Asks for the BMC's proof only, so no failed login is counted.

    Raises:
        NoAnswer, Busy, Unsupported.
    """
    link = Link(host, port)
    try:
        # A right password is also used to log in and out, which frees the session in the BMC.
        Session(link, _log_in(link, credentials, deadline)).close()
    except LoginRefused:
        return False
    finally:
        link.close()
    return True


def _log_in(link: Link, credentials: Credentials, deadline: Deadline) -> Keys:
    suite = packets.SUITE_17
    waits = iter(_LOGIN_WAITS_S)
    wait_s = next(waits)
    failure: Exception = NoAnswer()
    while not deadline.over():
        try:
            return _attempt(link, suite, credentials, deadline, wait_s)
        except login.SuiteRefused:
            if suite is packets.SUITE_3:
                raise Unsupported("the BMC offers neither cipher suite 17 nor 3") from None
            suite = packets.SUITE_3
        except NoAnswer as silence:
            failure = silence
            wait_s = next(waits, wait_s)
        except (Busy, login.Lost) as again:
            failure = again if isinstance(again, Busy) else Unsupported("the BMC loses each login half-way")
            deadline.pause(_BUSY_PAUSE_S)
    raise failure


def _attempt(link: Link, suite: Suite, credentials: Credentials, deadline: Deadline, wait_s: float) -> Keys:
    """One login from the beginning, every step sent once."""
    tag = random.randrange(256)  # noqa: S311 - tells late answers apart, no secret
    console_id = os.urandom(4)

    def step(kind: int, payload: bytes) -> bytes:
        link.send(packets.plain_packet(kind, payload))
        turn = deadline.within(wait_s)
        while (data := link.receive(turn)) is not None:
            packet = packets.parse_plain(data)
            if packet and packet.kind == kind + 1 and len(packet.payload) > 1 and packet.payload[0] == tag:
                return packet.payload
        raise NoAnswer

    request = login.open_request(suite, tag, console_id)
    bmc_id = login.answer_open(step(packets.OPEN_REQUEST, request))
    opened = Opened(suite, credentials, tag, console_id, bmc_id, os.urandom(16))
    try:
        proven: Proven = opened.answer_rakp2(step(packets.RAKP1, opened.rakp1()))
    except login.WrongPassword:
        link.send(packets.plain_packet(packets.RAKP3, opened.goodbye()))
        raise
    return proven.answer_rakp4(step(packets.RAKP3, proven.rakp3()))

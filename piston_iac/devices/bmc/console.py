"""Serial over LAN: what a system prints, as it prints it. It is there to explain and never fails a caller.

Source: IPMI 2.0 rev 1.1, section 15.9 (packets), sections 24.1 and 24.2 (activate, deactivate).
"""

from __future__ import annotations

import codecs
import threading
from collections.abc import Callable
from dataclasses import dataclass

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.rmcp import packets
from piston_iac.devices.bmc.rmcp.errors import Busy, LoginRefused, NoAnswer, Unsupported
from piston_iac.devices.bmc.rmcp.session import Session

_APP = 0x06
_ACTIVATE, _DEACTIVATE, _GET_DEVICE_ID = 0x48, 0x49, 0x01
# Payload type 1 (SOL), instance 1.
_INSTANCE = bytes([packets.SOL, 1])
_ENCRYPTED_AUTHENTICATED = 0xC0
_ALREADY_ACTIVE = 0x80
_REASONS = {
    0x80: "another session holds the console",
    0x81: "serial over LAN is switched off in the BMC",
    0x82: "the BMC has no free console session",
    0xD4: "the user may not use the console",
}
_LEAVE_S = 2.0


@dataclass(frozen=True)
class Pace:
    """Seconds. `keepalive_s`: a BMC ends sessions that are silent for about a minute. `answer_s`: a
    command unanswered for so long means that the session is gone. `reopen_s`: pause before a new one.
    """

    keepalive_s: float = 20.0
    answer_s: float = 5.0
    reopen_s: float = 3.0


class Console:
    """One console in a thread of its own, from `start` to `stop`.

    Args:
        open_session: logs in within the given deadline.
        on_text: gets text as it comes, from the console's thread.
        timeout_s: how long a login may take.
        pace: when a silent console is looked at, and opened again.
    """

    def __init__(
        self,
        open_session: Callable[[Deadline], Session],
        on_text: Callable[[str], None],
        timeout_s: float,
        pace: Pace = Pace(),
    ) -> None:
        self._open_session = open_session
        self._on_text = on_text
        self._timeout_s = timeout_s
        self._pace = pace
        self._over = threading.Event()
        self._settled = threading.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._last_sequence = 0
        self._thread = threading.Thread(target=self._run, daemon=True, name="console")

    def start(self) -> None:
        """Begin; wait a moment for the console to open, so that the first lines are not missed."""
        self._thread.start()
        self._settled.wait(_LEAVE_S)

    def stop(self) -> None:
        """End; a BMC that does not answer is not waited for."""
        self._over.set()
        self._thread.join(_LEAVE_S)

    def _run(self) -> None:
        try:
            self._follow()
        finally:
            self._settled.set()

    def _follow(self) -> None:
        """Read until told to stop. A console that was open and broke off is opened again."""
        while not self._over.is_set():
            try:
                self._read_once()
            except LoginRefused as refused:
                self._tell(str(refused))
                return
            except (NoAnswer, Busy, Unsupported) as error:
                if self._over.is_set():
                    return
                self._tell(str(error) or "the BMC does not answer")
                if not self._settled.is_set():
                    return
                self._over.wait(self._pace.reopen_s)

    def _read_once(self) -> None:
        session = self._open_session(Deadline.after(self._timeout_s, self._over))
        try:
            session.on_sol = lambda payload: self._take(session, payload)
            self._activate(session)
            self._settled.set()
            while not self._over.is_set():
                session.receive(Deadline.after(self._pace.keepalive_s, self._over))
                if not self._over.is_set():
                    session.command(_APP, _GET_DEVICE_ID, b"", self._answer())
            self._deactivate(session)
        finally:
            session.close()

    def _activate(self, session: Session) -> None:
        """Take the console; one that another session left behind is taken from it."""
        self._last_sequence = 0
        data = _INSTANCE + bytes([_ENCRYPTED_AUTHENTICATED, 0, 0, 0])
        code, _ = session.command(_APP, _ACTIVATE, data, self._answer())
        if code == _ALREADY_ACTIVE:
            self._deactivate(session)
            code, _ = session.command(_APP, _ACTIVATE, data, self._answer())
        if code:
            raise Unsupported(
                _REASONS.get(code, f"the BMC refuses the console with completion code {code:#04x}")
            )
        self._last_sequence = 0

    def _deactivate(self, session: Session) -> None:
        try:
            session.command(_APP, _DEACTIVATE, _INSTANCE + bytes(4), Deadline.after(1.0))
        except NoAnswer:
            return

    def _answer(self) -> Deadline:
        return Deadline.after(self._pace.answer_s, self._over)

    def _take(self, session: Session, payload: bytes) -> None:
        """Acknowledge a packet and pass its text on once; it comes again when our answer got lost."""
        sequence, text = payload[0] & 0x0F if payload else 0, payload[4:]
        if not sequence:
            return  # only an acknowledgement, and we send nothing to acknowledge
        session.send(packets.SOL, bytes([0, sequence, len(text), 0]))
        if sequence != self._last_sequence and text:
            self._last_sequence = sequence
            self._on_text(self._decoder.decode(text))

    def _tell(self, reason: str) -> None:
        self._on_text(f"[console: {reason}]\n")

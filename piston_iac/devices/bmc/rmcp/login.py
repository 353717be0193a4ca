"""How do console and BMC prove the password to each other (RAKP)? Pure, one object per attempt.

The BMC proves first: its answer to our name carries an HMAC keyed with the user's password. So we
know that a password is wrong before the BMC has seen any proof of ours, and stop there with a goodbye
that frees the session (ipmi_sim has room for 63 half-open ones).

Source: IPMI 2.0 rev 1.1, sections 13.17 to 13.23 and 13.31.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass

from piston_iac.devices.bmc.rmcp.errors import Busy, LoginRefused, Unsupported
from piston_iac.devices.bmc.rmcp.packets import Keys, Suite

# Table 13-15. The others are answers to nonsense, which we do not send.
_NO_RESOURCES = {0x01, 0x0B}
_LOST_SESSION = {0x02, 0x08}
_NO_SUITE = {0x04, 0x05, 0x06, 0x07, 0x10, 0x11}
_REFUSED = {
    0x09: "the BMC does not know the role that was asked for",
    0x0A: "the user may not act as administrator",
    0x0C: "the BMC does not take a user name of that length",
    0x0D: "the BMC has no such enabled user, or it may not act as administrator",
    0x0F: "the BMC does not accept our proof of the password",
}
_BAD_PROOF = 0x0F
_NAME_ONLY_LOOKUP = 0x10


class Lost(Exception):
    """The BMC has forgotten this attempt; a new one may succeed."""


class WrongPassword(LoginRefused):
    """The BMC's proof was made with another password than ours."""

    def __init__(self) -> None:
        super().__init__("the password is wrong")


class SuiteRefused(Exception):
    """The BMC does not offer this cipher suite."""


@dataclass(frozen=True)
class Credentials:
    """What one side of the login knows. `privilege`: 2 user, 3 operator, 4 administrator."""

    user: bytes
    password: bytes
    privilege: int

    def role(self) -> bytes:
        """Role, name length and name, as they enter most HMACs."""
        return bytes([self.privilege | _NAME_ONLY_LOOKUP, len(self.user)]) + self.user


@dataclass(frozen=True)
class Opened:
    """An attempt that the BMC has opened a session id for."""

    suite: Suite
    credentials: Credentials
    tag: int
    console_id: bytes
    bmc_id: bytes
    console_random: bytes

    def rakp1(self) -> bytes:
        """Our name and random number."""
        user = self.credentials.user
        role = bytes([self.credentials.privilege | _NAME_ONLY_LOOKUP, 0, 0, len(user)])
        return bytes([self.tag, 0, 0, 0]) + self.bmc_id + self.console_random + role + user

    def goodbye(self) -> bytes:
        """Tell the BMC that its proof was wrong for us, so that it frees the session. No proof of ours."""
        return bytes([self.tag, _BAD_PROOF, 0, 0]) + self.bmc_id

    def answer_rakp2(self, payload: bytes) -> Proven:
        """Check the BMC's proof.

        Raises:
            LoginRefused: the BMC refuses the name.
            WrongPassword: its proof shows that it has another password.
        """
        _check_status(payload, 40)
        bmc_random, guid, proof = payload[8:24], payload[24:40], payload[40:]
        message = self.console_id + self.bmc_id + self.console_random + bmc_random + guid
        expected = self.suite.mac(self.credentials.password, message + self.credentials.role())
        if not hmac.compare_digest(expected, proof[: len(expected)]):
            raise WrongPassword
        return Proven(self, bmc_random, guid)


@dataclass(frozen=True)
class Proven:
    """An attempt whose BMC has proven that it knows the password."""

    opened: Opened
    bmc_random: bytes
    guid: bytes

    def rakp3(self) -> bytes:
        """Our proof."""
        opened = self.opened
        message = self.bmc_random + opened.console_id + opened.credentials.role()
        proof = opened.suite.mac(opened.credentials.password, message)
        return bytes([opened.tag, 0, 0, 0]) + opened.bmc_id + proof

    def answer_rakp4(self, payload: bytes) -> Keys:
        """Check that the BMC has the same session key, and derive the packet keys."""
        _check_status(payload, 8)
        opened, suite = self.opened, self.opened.suite
        session_key = suite.mac(
            opened.credentials.password, opened.console_random + self.bmc_random + opened.credentials.role()
        )
        expected = suite.mac(session_key, opened.console_random + opened.bmc_id + self.guid)[
            : suite.tag_bytes
        ]
        if not hmac.compare_digest(expected, payload[8 : 8 + suite.tag_bytes]):
            raise LoginRefused("the BMC uses a BMC key (K_g) that we do not have")
        return Keys(
            suite=suite,
            integrity_key=suite.mac(session_key, b"\x01" * 20),
            aes_key=suite.mac(session_key, b"\x02" * 20)[:16],
            bmc_id=opened.bmc_id,
            console_id=opened.console_id,
        )


def open_request(suite: Suite, tag: int, console_id: bytes) -> bytes:
    """Ask for a session with that cipher suite."""
    algorithms = ((0, suite.authentication), (1, suite.integrity), (2, 1))
    proposals = b"".join(struct.pack("<BHBB3x", kind, 0, 8, number) for kind, number in algorithms)
    return bytes([tag, 0, 0, 0]) + console_id + proposals


def answer_open(payload: bytes) -> bytes:
    """The BMC's session id.

    Raises:
        SuiteRefused, Busy.
    """
    _check_status(payload, 12)
    return payload[8:12]


def _check_status(payload: bytes, least: int) -> None:
    status = payload[1]
    if status == 0:
        if len(payload) < least:
            raise Unsupported("the BMC's answer is too short")
        return
    if status in _NO_RESOURCES:
        raise Busy
    if status in _LOST_SESSION:
        raise Lost
    if status in _NO_SUITE:
        raise SuiteRefused
    if status in _REFUSED:
        raise LoginRefused(_REFUSED[status])
    raise Unsupported(f"the BMC refuses the login with status {status:#04x}")

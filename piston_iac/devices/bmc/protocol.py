"""What the product asks of a BMC, whatever it speaks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr

from piston_iac.deadline import Deadline


class Power(StrEnum):
    """Chassis power."""

    ON = "on"
    OFF = "off"


class BootDevice(StrEnum):
    """One-time or default boot device, as far as we use them."""

    NONE = "none"
    NETWORK = "network"
    DISK = "disk"
    OTHER = "other"


class Privilege(StrEnum):
    """Privilege of a user on the LAN channel."""

    NONE = "no access"
    USER = "user"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Login:
    """A user and its password."""

    user: str
    password: SecretStr


@dataclass(frozen=True)
class BmcUser:
    """A user slot. `slot` is the IPMI user id."""

    slot: int
    name: str
    enabled: bool
    privilege: Privilege


class BmcSession(Protocol):
    """A logged-in session. Every method raises a `PistonError` when the BMC does not do it."""

    def guid(self) -> str:
        """The BMC's GUID in canonical UUID form."""

    def power(self) -> Power:
        """Chassis power now."""

    def set_power(self, power: Power, deadline: Deadline) -> None:
        """Switch and wait until the chassis reports it. Hard, without asking the system."""

    def boot_device(self) -> BootDevice:
        """The boot device override now."""

    def set_boot_device(self, device: BootDevice) -> None:
        """Set the boot device for the next boot."""

    def users(self) -> tuple[BmcUser, ...]:
        """All slots that hold a name."""

    def password_matches(self, slot: int, password: SecretStr) -> bool:
        """Ask the BMC whether the slot has that password. Not a login: never locks an account."""

    def put_user(self, slot: int, login: Login, privilege: Privilege) -> None:
        """Make the slot hold this enabled user with that password and privilege."""

    def disable_user(self, slot: int) -> None:
        """Keep the slot's name, refuse its logins."""


class Bmc(Protocol):
    """One BMC at one address."""

    def session(self, login: Login) -> AbstractContextManager[BmcSession]:
        """Log in, log out at the end.

        Raises:
            Unreachable: no answer. AccessRefused: wrong user, password or privilege.
        """

    def console(self, login: Login, on_text: Callable[[str], None]) -> AbstractContextManager[None]:
        """Serial over LAN while the context lasts; `on_text` gets what the system prints.

        A console that cannot be opened or breaks off is told through `on_text` and never fails the
        caller: it is there to explain, not to decide.
        """

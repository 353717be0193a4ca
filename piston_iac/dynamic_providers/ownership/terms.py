"""The words of the ownership table: facts and their owners, fields and how they are read back. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from piston_iac.dynamic_providers.converging import Converging, Inputs

I = TypeVar("I", bound=Inputs)  # noqa: E741 - reads best in signatures


@dataclass(frozen=True)
class Claim:
    """One fact of one device, as a resource claims it: `switch tcp:10.30.10.2:6640`, `VLAN 20`.

    The device is named by its address, so that two resources meet whatever they call it. `agreed` is what
    several resources of one kind may claim together, as long as they want the same: pools share a CRUSH rule.
    """

    device: str
    thing: str
    agreed: str = ""


@dataclass(frozen=True)
class Fact(Generic[I]):
    """A kind of device and a thing about it that a resource owns: it alone writes it and reads it back.

    `claims` names the very things of one resource, from its inputs.
    """

    device: str
    thing: str
    claims: Callable[[I], Iterable[Claim]]


@dataclass(frozen=True)
class Seen:
    """An input that is read back. `how` and from which `device`; `repair`: what `pulumi up` does about it."""

    name: str
    how: str
    device: str
    repair: str


@dataclass(frozen=True)
class Told:
    """An input that is compared with the device, and whose difference another field, `by`, tells."""

    name: str
    by: str
    how: str


@dataclass(frozen=True)
class Given:
    """An input that is only used to reach the device or to derive other things."""

    name: str
    use: str


@dataclass(frozen=True)
class Unseen:
    """An input that is written and cannot be, or is not, read back: `why`, and what is known instead."""

    name: str
    why: str


Field = Seen | Told | Given | Unseen


@dataclass(frozen=True)
class Ownership(Generic[I]):
    """What one resource owns, and each of its inputs once, under the name that a plan shows."""

    provider: type[Converging[I]]
    facts: tuple[Fact[I], ...]
    fields: tuple[Field, ...]

    @property
    def resource(self) -> str:
        """`SwitchPort`."""
        return self.provider.__name__.removesuffix("Provider")

    def names(self, kind: type[Seen] | type[Told] | type[Given] | type[Unseen]) -> list[str]:
        """The inputs of that kind, in the order of the table."""
        return [field.name for field in self.fields if isinstance(field, kind)]


COMMON: tuple[Field, ...] = (
    Given("site", "first part of the resource's id"),
    Given("timeoutS", "bounds one look at the device, seconds"),
    Seen(
        "fault",
        "one line when the device does not answer, refuses us, is another machine or says that it failed",
        "the look itself",
        "tries again; the other fields keep their last values until the device can be read",
    ),
)


def address_claim(address: str) -> Claim:
    """An IPv4 address of the site, whoever bears it. `address` may be CIDR."""
    return Claim("addresses of the site", address.partition("/")[0])

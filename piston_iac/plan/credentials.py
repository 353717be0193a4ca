"""What a BMC's accounts are to be, and what to change. Pure.

Slot 2 is where vendors keep the factory account; ours are 3 and 4. Slot 1 is the anonymous account
and is left alone. Source: IPMI 2.0 rev 1.1, section 22.26.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

FACTORY_SLOT = 2
OUR_SLOT = 3
BREAK_GLASS_SLOT = 4
_OWN_SLOTS = frozenset({FACTORY_SLOT, OUR_SLOT, BREAK_GLASS_SLOT})


class Account(StrEnum):
    """How an account is."""

    RIGHT = "right"  # enabled administrator with our name and password
    WRONG_PASSWORD = "other password"  # noqa: S105 - a state, not a password
    WRONG_PRIVILEGE = "other privilege"
    DISABLED = "disabled"
    MISSING = "missing"
    ENABLED = "enabled"  # of the factory account: it still lets people in


@dataclass(frozen=True)
class Accounts:
    """The three accounts of a BMC that we look after."""

    user: Account
    break_glass: Account
    factory: Account


WANTED = Accounts(Account.RIGHT, Account.RIGHT, Account.DISABLED)


class Change(StrEnum):
    """One change to a BMC's accounts."""

    PUT_USER = "set our user"
    PUT_BREAK_GLASS = "set the break-glass user"
    DISABLE_FACTORY = "disable the factory user"


def changes(seen: Accounts) -> tuple[Change, ...]:
    """What to change, in an order that never leaves the BMC without a way in.

    The factory account goes last: until then it is the way in that surely works.
    """
    steps: list[Change] = []
    if seen.user is not Account.RIGHT:
        steps.append(Change.PUT_USER)
    if seen.break_glass is not Account.RIGHT:
        steps.append(Change.PUT_BREAK_GLASS)
    if seen.factory not in (Account.DISABLED, Account.MISSING):
        steps.append(Change.DISABLE_FACTORY)
    return tuple(steps)


@dataclass(frozen=True)
class Slot:
    """A user slot that holds a name. `administrator`: enabled, and may do everything."""

    number: int
    name: str
    administrator: bool


def strangers(slots: Iterable[Slot], kept: Collection[str], factory_user: str) -> dict[int, str]:
    """Administrators beside ours, by slot: nobody declared them.

    Args:
        kept: names that the operator lets be.
        factory_user: what the factory account is called; another name in its slot is a stranger.
    """
    return {
        slot.number: slot.name
        for slot in slots
        if slot.administrator and slot.name not in kept and not _is_own(slot, factory_user)
    }


def _is_own(slot: Slot, factory_user: str) -> bool:
    if slot.number == FACTORY_SLOT:
        return slot.name == factory_user
    return slot.number in _OWN_SLOTS


def judge(name: str, slot_name: str, enabled: bool, administrator: bool, password_right: bool) -> Account:
    """How one of our accounts is, from what its slot holds."""
    if slot_name != name:
        return Account.MISSING
    if not enabled:
        return Account.DISABLED
    if not administrator:
        return Account.WRONG_PRIVILEGE
    return Account.RIGHT if password_right else Account.WRONG_PASSWORD


def judge_factory(enabled: bool | None) -> Account:
    """How the factory account is; None when its slot holds no such name."""
    if enabled is None:
        return Account.DISABLED
    return Account.ENABLED if enabled else Account.DISABLED

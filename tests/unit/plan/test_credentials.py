"""A BMC's accounts: what is judged wrong, and in which order it is mended."""

import pytest

from piston_iac.plan.credentials import (
    WANTED,
    Account,
    Accounts,
    Change,
    Slot,
    changes,
    judge,
    judge_factory,
    strangers,
)

FACTORY_NEW = Accounts(Account.MISSING, Account.MISSING, Account.ENABLED)


def test_a_right_bmc_needs_nothing() -> None:
    assert changes(WANTED) == ()


def test_a_new_bmc_loses_its_factory_account_last() -> None:
    assert changes(FACTORY_NEW) == (Change.PUT_USER, Change.PUT_BREAK_GLASS, Change.DISABLE_FACTORY)


@pytest.mark.parametrize("account", [entry for entry in Account if entry is not Account.RIGHT])
def test_anything_but_right_is_mended(account: Account) -> None:
    assert changes(Accounts(account, Account.RIGHT, Account.DISABLED)) == (Change.PUT_USER,)
    assert changes(Accounts(Account.RIGHT, account, Account.DISABLED)) == (Change.PUT_BREAK_GLASS,)


@pytest.mark.parametrize(
    ("slot_name", "enabled", "administrator", "password_right", "account"),
    [
        ("piston", True, True, True, Account.RIGHT),
        ("piston", True, True, False, Account.WRONG_PASSWORD),
        ("piston", True, False, True, Account.WRONG_PRIVILEGE),
        ("piston", False, True, True, Account.DISABLED),
        ("other", True, True, True, Account.MISSING),
    ],
)
def test_judge(
    slot_name: str, enabled: bool, administrator: bool, password_right: bool, account: Account
) -> None:
    assert judge("piston", slot_name, enabled, administrator, password_right) is account


def test_judge_factory() -> None:
    assert judge_factory(True) is Account.ENABLED
    assert judge_factory(False) is judge_factory(None) is Account.DISABLED


OURS = (Slot(2, "ADMIN", True), Slot(3, "piston", True), Slot(4, "piston-rescue", True))


def test_administrators_beside_ours_are_strangers() -> None:
    assert strangers((*OURS, Slot(5, "eve", True), Slot(6, "watch", False)), (), "ADMIN") == {5: "eve"}


def test_another_name_in_the_factory_slot_is_a_stranger() -> None:
    assert strangers((Slot(2, "mallory", True), *OURS[1:]), (), "ADMIN") == {2: "mallory"}


def test_those_that_the_stack_file_names_are_let_be() -> None:
    assert strangers((*OURS, Slot(5, "nagios", True)), ("nagios",), "ADMIN") == {}

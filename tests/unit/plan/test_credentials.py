"""A BMC's accounts: what is judged wrong, and in which order it is mended."""

import pytest

from piston_iac.plan.credentials import WANTED, Account, Accounts, Change, changes, judge, judge_factory

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

"""Accounts of BMCs: good ones, and every way to make them anybody's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.policies.bmc import own_bmc_accounts
from piston_iac.policies.values import BmcAccounts
from piston_iac.trust.derive import bmc_password, break_glass_password
from piston_iac.trust.secret import Secret

SEED = Secret("a seed for tests, of at least 32 characters")


def derived(node: str) -> BmcAccounts:
    return BmcAccounts(
        node=node,
        user="piston",
        break_glass_user="piston-rescue",
        factory_disabled=True,
        password=bmc_password(SEED, node, 1),
        break_glass_password=break_glass_password(SEED, node, 1),
        factory_password=Secret("What-the-maker-printed"),
    )


N1, N2 = derived("n1"), derived("n2")


def test_derived_passwords() -> None:
    assert own_bmc_accounts(N2, [N1]) == []


def test_sealed_passwords_are_left_alone() -> None:
    sealed = replace(N1, password=None, break_glass_password=None, factory_password=None)
    assert own_bmc_accounts(sealed, [replace(sealed, node="n2")]) == []


def test_factory_account_left_enabled() -> None:
    (violation,) = own_bmc_accounts(replace(N1, factory_disabled=False), [])
    assert violation.startswith("the factory account of the BMC of n1 stays enabled; ")


@pytest.mark.parametrize("user", ["admin", "ADMIN", "root"])
def test_a_user_that_everybody_tries(user: str) -> None:
    (own,) = own_bmc_accounts(replace(N1, user=user), [])
    (rescue,) = own_bmc_accounts(replace(N1, break_glass_user=user), [])
    assert f"gets a user {user}, " in own and "`user`" in own
    assert f"gets a user {user}, " in rescue and "`breakGlassUser`" in rescue


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("calvin", "is one that everybody tries"),
        ("PASSWORD123", "is one that everybody tries"),
        ("piston-rescue", "is one that everybody tries"),
        ("What-the-maker-printed", "is the one it came with"),
        ("k4Wp9zQmT7x", "is shorter than 12 characters"),
    ],
)
def test_a_password_that_somebody_would_try(password: str, told: str) -> None:
    (own,) = own_bmc_accounts(replace(N1, password=Secret(password)), [N2])
    (rescue,) = own_bmc_accounts(replace(N1, break_glass_password=Secret(password)), [N2])
    assert own.startswith(f"the password of our user at the BMC of n1 {told}; set `bmc.password` of n1")
    assert rescue.startswith(f"the password of the break-glass user at the BMC of n1 {told}; ")


def test_a_password_of_two_bmcs() -> None:
    (violation,) = own_bmc_accounts(replace(N1, password=N2.password), [derived("n3"), N2])
    assert "the password of our user at the BMC of n1 opens the BMC of n2 too; " in violation


def test_a_password_of_both_users() -> None:
    (violation,) = own_bmc_accounts(replace(N1, break_glass_password=N1.password), [])
    assert violation.startswith("both our users of the BMC of n1 have one password; ")


def test_no_violation_holds_a_password() -> None:
    secret = "calvin"
    bad = replace(
        N1, password=Secret(secret), break_glass_password=Secret(secret), factory_password=Secret(secret)
    )
    told = own_bmc_accounts(bad, [replace(bad, node="n2")])
    assert len(told) == 5
    assert secret not in "".join(told)
    assert secret not in repr(bad)

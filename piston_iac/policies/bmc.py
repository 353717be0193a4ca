"""The rule of BMC accounts: no name and no password that a stranger would try. No password is ever told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from piston_iac.policies.values import BmcAccounts
from piston_iac.trust.derive import HoldsSecret

# What a BMC is tried with first. Compared without regard to case.
_COMMON_USERS = frozenset({"admin", "administrator", "root"})
# What makers print on their machines' labels or in their manuals, and what people make of it.
_COMMON_PASSWORDS = frozenset(
    {
        "0penbmc",
        "123456",
        "12345678",
        "admin",
        "admin123",
        "administrator",
        "calvin",
        "changeme",
        "default",
        "ipmi",
        "letmein",
        "passw0rd",
        "password",
        "password123",
        "root",
        "superuser",
        "supervisor",
    }
)
# A BMC hands a hash of the password to whoever asks (IPMI 2.0, section 13.31, RAKP 2): it is tried offline.
_SHORTEST = 12


def own_bmc_accounts(accounts: BmcAccounts, others: Sequence[BmcAccounts]) -> list[str]:
    """A BMC takes only our logins; their names and passwords are nobody's guess, and no two BMCs share one.

    Args:
        accounts: of the BMC that is judged. Sealed passwords are left alone.
        others: of the BMCs that were judged before.
    """
    bmc = f"the BMC of {accounts.node}"
    found = []
    if not accounts.factory_disabled:
        found.append(f"the factory account of {bmc} stays enabled; let IpmiCredential disable it")
    for setting, user in (("user", accounts.user), ("breakGlassUser", accounts.break_glass_user)):
        if user.lower() in _COMMON_USERS:
            found.append(
                f"{bmc} gets a user {user}, a name that everybody tries; "
                f"choose another `{setting}` under `piston:ipmi`"
            )
    fix = f"set `bmc.password` of {accounts.node} to 16 random letters, or leave it out: it is then derived"
    found += [f"{cause}; {fix}" for cause in _weak_passwords(bmc, accounts, others)]
    return found


def _weak_passwords(bmc: str, accounts: BmcAccounts, others: Sequence[BmcAccounts]) -> Iterator[str]:
    own, rescue = _text(accounts.password), _text(accounts.break_glass_password)
    for whose, password in (("our user", own), ("the break-glass user", rescue)):
        if not password:
            continue
        where = f"the password of {whose} at {bmc}"
        names = {accounts.user.lower(), accounts.break_glass_user.lower()}
        if password == _text(accounts.factory_password):
            yield f"{where} is the one it came with"
        elif password.lower() in _COMMON_PASSWORDS | names:
            yield f"{where} is one that everybody tries"
        elif len(password) < _SHORTEST:
            yield f"{where} is shorter than {_SHORTEST} characters"
        for other in others:
            if password in (_text(other.password), _text(other.break_glass_password)):
                yield f"{where} opens the BMC of {other.node} too"
                break
    if own and own == rescue:
        yield f"both our users of {bmc} have one password"


def _text(secret: HoldsSecret | None) -> str:
    return secret.get_secret_value() if secret else ""

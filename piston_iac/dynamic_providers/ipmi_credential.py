"""IpmiCredential: a BMC whose only ways in are ours: a user, and a break-glass user to repair it.

What somebody told it to boot from is seen in the same session: a node whose BMC says `disk` would not come
back from the network after a power cut.

A read logs in at most twice, with our user and with the break-glass user, each once, so that it can
never lock an account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource
from pydantic import SecretStr

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.protocol import BmcSession, BmcUser, BootDevice, Login, Privilege
from piston_iac.dynamic_providers.bmc_common import WithBmc, open_bmc, same_machine
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.errors import AccessRefused, Unreachable
from piston_iac.plan.credentials import (
    BREAK_GLASS_SLOT,
    FACTORY_SLOT,
    OUR_SLOT,
    Account,
    Accounts,
    Change,
    Slot,
    changes,
    judge,
    judge_factory,
    strangers,
)

# Both lead to the network: nodes boot from it when nobody chose, and we choose it when we start one.
_TO_NETWORK = (BootDevice.NONE, BootDevice.NETWORK)
_BY_ITSELF = BootDevice.NETWORK.value


class CredentialInputs(WithBmc):
    """`login`, `break_glass_login` and `factory_login` are how the accounts are; see plan.credentials.

    `strangers`: administrators that nobody declared, `kept_users` those that the operator lets be.
    `boot_device`: `network`, or what somebody chose instead.
    """

    generation: int
    break_glass_user: str
    break_glass_password: str
    factory_user: str
    factory_password: str
    login: str = Account.RIGHT.value
    break_glass_login: str = Account.RIGHT.value
    factory_login: str = Account.DISABLED.value
    kept_users: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    boot_device: str = _BY_ITSELF


@dataclass(frozen=True)
class _Look:
    """One look inside: the session that worked, whether it was our own login, and who may log in."""

    session: BmcSession
    own: bool
    users: tuple[BmcUser, ...]


class IpmiCredentialProvider(Converging[CredentialInputs]):
    """Observes and converges the accounts of one BMC."""

    model = CredentialInputs
    secrets = frozenset({"password", "breakGlassPassword", "factoryPassword"})
    pinned = frozenset({"guid"})

    def name(self, inputs: CredentialInputs) -> str:
        """`n1/bmc`."""
        return f"{inputs.node}/bmc"

    def observe(self, inputs: CredentialInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The accounts, seen from inside a session."""
        with _inside(inputs, [_own(inputs), _break_glass(inputs)]) as look:
            guid = look.session.guid()
            same_machine(inputs, bound, guid)
            accounts = _accounts(inputs, look)
            others = _strangers(inputs, look.users)
            device = look.session.boot_device()
        fields = {
            "login": accounts.user.value,
            "breakGlassLogin": accounts.break_glass.value,
            "factoryLogin": accounts.factory.value,
            "strangers": sorted(others.values()),
            "bootDevice": _BY_ITSELF if device in _TO_NETWORK else device.value,
        }
        return Seen(fields, {"guid": guid})

    def converge(self, inputs: CredentialInputs, bound: Mapping[str, Any]) -> None:
        """Change what is wrong, the factory account last."""
        # A BMC that was ours may have been reset to factory settings since, as our own errors advise.
        ways = [_break_glass(inputs), _factory(inputs)] if bound.get("guid") else [_factory(inputs)]
        with _inside(inputs, [_own(inputs), *ways]) as look:
            same_machine(inputs, bound, look.session.guid())
            for change in changes(_accounts(inputs, look)):
                doing(f"BMC of {inputs.node}", change.value)
                _apply(look.session, inputs, change)
            for slot, name in _strangers(inputs, look.users).items():
                doing(f"BMC of {inputs.node}", f"disable the administrator {name}")
                look.session.disable_user(slot)
            if look.session.boot_device() not in _TO_NETWORK:
                doing(f"BMC of {inputs.node}", "boot from the network again")
                look.session.set_boot_device(BootDevice.NONE)

    def outlook(self, inputs: CredentialInputs, deadline: Deadline) -> list[str]:
        """Whom it would shut out, as far as it can be seen now."""
        try:
            with _inside(inputs, [_own(inputs), _factory(inputs)]) as look:
                others = _strangers(inputs, look.users)
        except (Unreachable, AccessRefused):
            return []
        if not others:
            return []
        named = ", ".join(sorted(others.values()))
        return [f"disables the administrators {named}; to let them be, name them in `ipmi.keptUsers`"]

    def lost_node(self, inputs: CredentialInputs) -> str:
        """A node whose BMC is out of reach is not started."""
        return inputs.node

    def remove(self, inputs: CredentialInputs) -> None:
        """Hand the BMC back with its factory account; ours go after that one works."""
        with _inside(inputs, [_own(inputs), _break_glass(inputs)]) as look:
            look.session.put_user(FACTORY_SLOT, _factory(inputs), Privilege.ADMINISTRATOR)
            look.session.disable_user(BREAK_GLASS_SLOT)
            look.session.disable_user(OUR_SLOT)


def _own(inputs: CredentialInputs) -> Login:
    return Login(inputs.user, SecretStr(inputs.password))


def _break_glass(inputs: CredentialInputs) -> Login:
    return Login(inputs.break_glass_user, SecretStr(inputs.break_glass_password))


def _factory(inputs: CredentialInputs) -> Login:
    return Login(inputs.factory_user, SecretStr(inputs.factory_password))


@contextmanager
def _inside(inputs: CredentialInputs, logins: list[Login]) -> Iterator[_Look]:
    """A session with the first login that the BMC takes; one try each."""
    bmc = open_bmc(inputs)
    with ExitStack() as opened:
        for login in logins:
            try:
                session = opened.enter_context(bmc.session(login))
            except AccessRefused:
                continue
            yield _Look(session, login is logins[0], session.users())
            return
        raise _locked_out(inputs, logins)


def _locked_out(inputs: CredentialInputs, logins: list[Login]) -> AccessRefused:
    # Told by their roles: a factory user is often called like its password, which is not shown.
    roles = {inputs.user: "our user", inputs.break_glass_user: "the break-glass user"}
    tried = " and ".join(roles.get(login.user, "the factory user") for login in logins)
    return AccessRefused(
        f"BMC of {inputs.node}",
        "log in",
        f"it refuses {tried}; no further try, so that no account is locked",
        "Reset the BMC to factory settings at the machine, or set the password that the stack file names "
        "for its factory user, then run `pulumi up`.",
    )


def _accounts(inputs: CredentialInputs, look: _Look) -> Accounts:
    users = {user.slot: user for user in look.users}
    own_right = look.own or _matches(look.session, users.get(OUR_SLOT), inputs.password)
    spare = users.get(BREAK_GLASS_SLOT)
    spare_right = _matches(look.session, spare, inputs.break_glass_password)
    factory = users.get(FACTORY_SLOT)
    return Accounts(
        user=_judged(inputs.user, users.get(OUR_SLOT), own_right),
        break_glass=_judged(inputs.break_glass_user, spare, spare_right),
        factory=judge_factory(factory.enabled if factory and factory.name == inputs.factory_user else None),
    )


def _strangers(inputs: CredentialInputs, users: tuple[BmcUser, ...]) -> dict[int, str]:
    slots = (
        Slot(user.slot, user.name, user.enabled and user.privilege is Privilege.ADMINISTRATOR)
        for user in users
    )
    return strangers(slots, inputs.kept_users, inputs.factory_user)


def _matches(session: BmcSession, user: BmcUser | None, password: str) -> bool:
    return user is not None and session.password_matches(user.slot, SecretStr(password))


def _judged(name: str, user: BmcUser | None, password_right: bool) -> Account:
    if user is None:
        return Account.MISSING
    administrator = user.privilege is Privilege.ADMINISTRATOR
    return judge(name, user.name, user.enabled, administrator, password_right)


def _apply(session: BmcSession, inputs: CredentialInputs, change: Change) -> None:
    if change is Change.PUT_USER:
        session.put_user(OUR_SLOT, _own(inputs), Privilege.ADMINISTRATOR)
    elif change is Change.PUT_BREAK_GLASS:
        session.put_user(BREAK_GLASS_SLOT, _break_glass(inputs), Privilege.ADMINISTRATOR)
    else:
        session.disable_user(FACTORY_SLOT)


class IpmiCredential(Resource, module="piston", name="IpmiCredential"):
    """The accounts of one BMC."""

    def __init__(self, name: str, inputs: CredentialInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(IpmiCredentialProvider(), name, IpmiCredentialProvider.sealed(inputs), opts)

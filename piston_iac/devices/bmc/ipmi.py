"""A BMC that speaks IPMI 2.0 over LAN (RMCP+); implements `protocol.Bmc`.

Every session has a socket of its own and shares nothing: a BMC that is dead or slow delays nobody
else. Any number of threads may use one object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.console import Console
from piston_iac.devices.bmc.ipmi_session import IpmiSession
from piston_iac.devices.bmc.protocol import BmcSession, Login
from piston_iac.devices.bmc.rmcp.errors import Busy, LoginRefused, NoAnswer, Unsupported
from piston_iac.devices.bmc.rmcp.login import Credentials
from piston_iac.devices.bmc.rmcp.session import Session, check_password, open_session
from piston_iac.errors import AccessRefused, DeviceRefused, Unreachable

_USER, _ADMINISTRATOR = 2, 4


class IpmiBmc:
    """One BMC at one address.

    Args:
        name: the node that it belongs to.
        address: IPv4 address.
        port: UDP port.
        timeout_s: how long a login, or a single command, may stay unanswered.
        write_interval_s: least time between two writes to this address from this process.
    """

    def __init__(
        self,
        name: str,
        address: str,
        port: int = 623,
        *,
        timeout_s: float = 30.0,
        write_interval_s: float = 5.0,
    ) -> None:
        self._device = f"BMC of {name}"
        self._bmc = (address, port)
        self._timeout_s = timeout_s
        self._write_interval_s = write_interval_s

    @contextmanager
    def session(self, login: Login) -> Iterator[BmcSession]:
        """Log in as administrator, log out at the end. For a few commands in a row: a BMC drops a
        session that is silent for about a minute.

        Raises:
            Unreachable: no answer within `timeout_s`. AccessRefused: at once, after one try.
            DeviceRefused: no free session, or no common cipher suite.
        """
        with self._told("log in"):
            rmcp = self._open(login, Deadline.after(self._timeout_s))
        try:
            yield IpmiSession(
                self._device, rmcp, self._bmc, self._timeout_s, self._write_interval_s, self._login_works
            )
        finally:
            rmcp.close()

    @contextmanager
    def console(self, login: Login, on_text: Callable[[str], None]) -> Iterator[None]:
        """Serial over LAN while the context lasts, in a thread and session of its own; never raises.

        `on_text` gets what the system prints, and a line in brackets when the console fails.
        """
        console = Console(lambda deadline: self._open(login, deadline), on_text, self._timeout_s)
        console.start()
        try:
            yield
        finally:
            console.stop()

    def _open(self, login: Login, deadline: Deadline) -> Session:
        return open_session(*self._bmc, _credentials(login, _ADMINISTRATOR), deadline)

    def _login_works(self, login: Login) -> bool:
        with self._told("test a password"):
            return check_password(*self._bmc, _credentials(login, _USER), Deadline.after(self._timeout_s))

    @contextmanager
    def _told(self, action: str) -> Iterator[None]:
        """Turn what happens below into errors that an operator can act on."""
        where = f"{self._bmc[0]} port {self._bmc[1]}"
        try:
            yield
        except NoAnswer as error:
            raise Unreachable(
                self._device,
                action,
                f"{where}: {error}" if str(error) else f"no answer from {where} within {self._timeout_s:g} s",
                "Check the BMC's cable, power and address.",
            ) from None
        except LoginRefused as error:
            raise AccessRefused(
                self._device,
                action,
                str(error),
                "Set user and password in the BMC as the stack file says, or reset it to its factory login.",
            ) from None
        except Busy:
            raise DeviceRefused(
                self._device,
                action,
                "all of its sessions are taken",
                "Wait a minute for old sessions to end, then run again.",
            ) from None
        except Unsupported as error:
            raise DeviceRefused(
                self._device, action, str(error), "Allow cipher suite 17 or 3 in the BMC's settings."
            ) from None


def _credentials(login: Login, privilege: int) -> Credentials:
    return Credentials(login.user.encode(), login.password.get_secret_value().encode(), privilege)

"""What a logged-in IPMI session can do; implements `protocol.BmcSession`. Used by one thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import SecretStr

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc import commands
from piston_iac.devices.bmc.commands import Request
from piston_iac.devices.bmc.pacing import write_turn
from piston_iac.devices.bmc.protocol import BmcUser, BootDevice, Login, Power, Privilege
from piston_iac.devices.bmc.quirks import Quirks, quirks_of
from piston_iac.devices.bmc.rmcp.errors import NoAnswer
from piston_iac.devices.bmc.rmcp.session import Session
from piston_iac.errors import DeviceRefused, Interrupted, TimedOut, Unreachable

# How often power is asked for while waiting, seconds.
_POLL_S = 0.3


class IpmiSession:
    """One session.

    Args:
        device: as the operator calls it: `BMC of n3`.
        rmcp: the session below.
        bmc: address and port, for the pace of writes.
        timeout_s: how long one command may stay unanswered.
        write_interval_s: least time between two writes to this BMC.
        login_works: has that user that password now? Asked outside of this session.
    """

    def __init__(
        self,
        device: str,
        rmcp: Session,
        bmc: tuple[str, int],
        timeout_s: float,
        write_interval_s: float,
        login_works: Callable[[Login], bool],
    ) -> None:
        self._device = device
        self._rmcp = rmcp
        self._bmc = bmc
        self._timeout_s = timeout_s
        self._write_interval_s = write_interval_s
        self._login_works = login_works
        self._quirks: Quirks | None = None

    def guid(self) -> str:
        """The BMC's GUID in canonical UUID form; see `commands.parse_guid` for the order of bytes."""
        return commands.parse_guid(self._call("read the GUID", commands.GET_GUID, 16))

    def power(self) -> Power:
        """Chassis power now."""
        return commands.parse_power(self._call("read the power state", commands.GET_CHASSIS_STATUS, 1))

    def set_power(self, power: Power, deadline: Deadline) -> None:
        """Switch hard and wait until the chassis reports it. Writes nothing when it is so."""
        if self.power() is power:
            return
        action = f"switch the chassis {power.value}"
        self._write(action, [commands.set_power(power)], deadline)
        while (seen := self.power()) is not power:
            if deadline.over():
                raise self._too_late(action, f"the chassis still reports {seen.value}", deadline)
            deadline.pause(_POLL_S)

    def boot_device(self) -> BootDevice:
        """The boot device override now."""
        data = self._call("read the boot device", commands.GET_BOOT_FLAGS, 4)
        return commands.parse_boot_device(data, self._known_quirks().keeps_boot_valid_bit)

    def set_boot_device(self, device: BootDevice) -> None:
        """Set the boot device for the next boot. Writes nothing when it is so."""
        if self.boot_device() is device:
            return
        action = f"set the boot device to {device.value}"
        try:
            request = commands.set_boot_device(device)
        except ValueError as error:
            raise self._refused(action, str(error)) from None
        self._write(action, [commands.KEEP_BOOT_FLAGS, request], self._patience())
        if (seen := self.boot_device()) is not device:
            raise self._refused(action, f"the BMC reports {seen.value} afterwards")

    def users(self) -> tuple[BmcUser, ...]:
        """All slots that hold a name."""
        slots = self._access("list the users", 1).slots
        seen = (self._slot("list the users", slot) for slot in range(1, slots + 1))
        return tuple(user for user in seen if user is not None)

    def password_matches(self, slot: int, password: SecretStr) -> bool:
        """Has the slot that password? Compares the BMC's own proof in the first half of a login.

        The BMC sees no wrong proof of ours, and stores nothing. (Its command for this, Set User Password
        "test", is not to be trusted: ipmi_sim says yes to any password and writes its user file.)
        A slot that is disabled or has no name has no password that works.
        """
        user = self._slot(f"test the password of user slot {slot}", slot)
        return user is not None and user.enabled and self._login_works(Login(user.name, password))

    def put_user(self, slot: int, login: Login, privilege: Privilege) -> None:
        """Make the slot hold this enabled user. Writes only what differs, and reads it back."""
        action = f"set user {login.user} in slot {slot}"
        seen = self._slot(action, slot)
        right = bool(seen and seen.name == login.user and self.password_matches(slot, login.password))
        try:
            writes = commands.user_writes(slot, seen, right, login, privilege)
        except ValueError as error:
            raise self._refused(action, str(error)) from None
        self._write(action, writes, self._patience())
        after = self._slot(action, slot)
        if after != BmcUser(slot, login.user, True, privilege):
            raise self._refused(action, f"the slot reads back as {after}")
        if writes and not self.password_matches(slot, login.password):
            raise self._refused(action, "the password does not match afterwards")

    def disable_user(self, slot: int) -> None:
        """Keep the slot's name, refuse its logins. Writes nothing when it is so."""
        action = f"disable user slot {slot}"
        writes = commands.disable_writes(self._slot(action, slot), slot)
        self._write(action, writes, self._patience())
        after = self._slot(action, slot)
        if after is not None and after.enabled:
            raise self._refused(action, "the slot reads back as enabled")

    def _slot(self, action: str, slot: int) -> BmcUser | None:
        code, data = self._ask(action, commands.get_name(slot))
        if code in commands.NO_SUCH_SLOT_CODES:
            return None
        self._check(action, code, data, 1)
        name = commands.parse_name(data)
        if not name:
            return None
        access = self._access(action, slot)
        return BmcUser(slot, name, access.enabled, access.privilege)

    def _access(self, action: str, slot: int) -> commands.Access:
        return commands.parse_access(self._call(action, commands.get_access(slot), 4))

    def _known_quirks(self) -> Quirks:
        if self._quirks is None:
            data = self._call("read the model", commands.GET_DEVICE_ID, 11)
            self._quirks = quirks_of(*commands.parse_product(data))
        return self._quirks

    def _write(self, action: str, requests: Sequence[Request], deadline: Deadline) -> None:
        """Send requests that change the BMC, as one turn."""
        if not requests:
            return
        with write_turn(self._bmc, self._write_interval_s, deadline) as mine:
            if not mine:
                raise self._too_late(action, "another write to this BMC was too recent", deadline)
            for request in requests:
                code, _ = self._ask(action, request)
                if not request.optional:
                    self._check(action, code, b"", 0)

    def _call(self, action: str, request: Request, least: int) -> bytes:
        """Ask and get at least that many bytes, or raise."""
        code, data = self._ask(action, request)
        self._check(action, code, data, least)
        return data

    def _ask(self, action: str, request: Request) -> tuple[int, bytes]:
        try:
            return self._rmcp.command(request.netfn, request.command, request.data, self._patience())
        except NoAnswer:
            raise Unreachable(
                self._device,
                action,
                f"{self._bmc[0]} stopped answering for {self._timeout_s:g} s",
                "Check the BMC's cable and power, then run again.",
            ) from None

    def _check(self, action: str, code: int, data: bytes, least: int) -> None:
        if code:
            raise self._refused(action, commands.code_text(code))
        if len(data) < least:
            raise self._refused(action, f"the answer has {len(data)} bytes instead of {least}")

    def _patience(self) -> Deadline:
        return Deadline.after(self._timeout_s)

    def _refused(self, action: str, cause: str) -> DeviceRefused:
        return DeviceRefused(self._device, action, cause, "Look at the BMC's own user interface and log.")

    def _too_late(self, action: str, cause: str, deadline: Deadline) -> Interrupted | TimedOut:
        if deadline.cancelled.is_set():
            return Interrupted(self._device, action, "the run was told to stop", "Run again.")
        return TimedOut(self._device, action, cause, "Look at the machine, then run again.")

"""Which bytes ask an IPMI BMC for what, and what do its answers mean? Pure.

Source: IPMI 2.0 rev 1.1, sections 20 (device), 22 (users), 28 (chassis), appendix G (commands).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from piston_iac.devices.bmc.protocol import BmcUser, BootDevice, Login, Power, Privilege

CHASSIS, APP = 0x00, 0x06
# "The channel this request came in through": no need to know the LAN channel's number.
PRESENT_CHANNEL = 0x0E

NO_SUCH_SLOT_CODES = (0xC9, 0xCB, 0xCC)

_CODES = {
    0xC1: "the BMC does not know the command",
    0xC9: "parameter out of range",
    0xCB: "not present",
    0xCC: "invalid data field",
    0xD3: "destination unavailable",
    0xD4: "insufficient privilege",
    0xD5: "not possible in the present state",
    0xFF: "unspecified error",
}
_BOOT_SELECTORS = {BootDevice.NONE: 0, BootDevice.NETWORK: 1, BootDevice.DISK: 2}
_PRIVILEGES = {Privilege.USER: 2, Privilege.OPERATOR: 3, Privilege.ADMINISTRATOR: 4}
_BOOT_FLAGS_VALID, _BOOT_UEFI = 0x80, 0x20
_MAX_NAME, _MAX_PASSWORD = 16, 16


@dataclass(frozen=True)
class Request:
    """One command. `data` may hold a password, so it is never printed.

    `optional`: the specification leaves it to the BMC; a no is not a failure.
    """

    netfn: int
    command: int
    data: bytes = field(default=b"", repr=False)
    optional: bool = False


GET_DEVICE_ID = Request(APP, 0x01)
GET_GUID = Request(APP, 0x37)
GET_CHASSIS_STATUS = Request(CHASSIS, 0x01)
GET_BOOT_FLAGS = Request(CHASSIS, 0x09, bytes([5, 0, 0]))
# Boot parameter 3, bit 3: the boot flags outlive the 60 s after which a BMC may drop them.
KEEP_BOOT_FLAGS = Request(CHASSIS, 0x08, bytes([3, 0x08]), optional=True)


@dataclass(frozen=True)
class Access:
    """What Get User Access says. `slots`: how many user slots the BMC has."""

    slots: int
    enabled: bool
    privilege: Privilege


def code_text(code: int) -> str:
    """A completion code in words. Source: table 5-2."""
    return f"completion code {code:#04x} ({_CODES.get(code, 'see the BMC manual')})"


def parse_power(data: bytes) -> Power:
    """Answer to Get Chassis Status."""
    return Power.ON if data[0] & 1 else Power.OFF


def set_power(power: Power) -> Request:
    """Chassis Control: power up, or power down hard."""
    return Request(CHASSIS, 0x02, bytes([1 if power is Power.ON else 0]))


def parse_boot_device(data: bytes, keeps_valid_bit: bool) -> BootDevice:
    """Answer to GET_BOOT_FLAGS. `keeps_valid_bit` False: the device counts although not marked valid."""
    if keeps_valid_bit and not data[2] & _BOOT_FLAGS_VALID:
        return BootDevice.NONE
    selector = data[3] >> 2 & 0x0F
    return next(
        (device for device, number in _BOOT_SELECTORS.items() if number == selector), BootDevice.OTHER
    )


def set_boot_device(device: BootDevice) -> Request:
    """Boot flags for the next boot only, for UEFI firmware. Source: section 28.12, parameter 5."""
    if device not in _BOOT_SELECTORS:
        raise ValueError(f"a boot device {device.value!r} cannot be set")
    flags = bytes([_BOOT_FLAGS_VALID | _BOOT_UEFI, _BOOT_SELECTORS[device] << 2, 0, 0, 0])
    return Request(CHASSIS, 0x08, bytes([5]) + flags)


def parse_guid(data: bytes) -> str:
    """Answer to GET_GUID in canonical UUID form, bytes in the order in which they are sent (RFC 4122).

    ipmi_sim sends its configured `guid` like that. IPMI 2.0 section 20.8 wants the bytes reversed and
    many BMCs send them as SMBIOS does; `hardware_uuid.same_hardware` compares across these orders.
    """
    return str(UUID(bytes=data[:16]))


def parse_product(data: bytes) -> tuple[int, int]:
    """Manufacturer and product number out of the answer to GET_DEVICE_ID."""
    return int.from_bytes(data[6:9], "little"), int.from_bytes(data[9:11], "little")


def get_access(slot: int) -> Request:
    """Get User Access."""
    return Request(APP, 0x44, bytes([PRESENT_CHANNEL, slot]))


def parse_access(data: bytes) -> Access:
    """Answer to Get User Access. Enabled means: not disabled, and IPMI messaging is allowed.

    BMCs that do not tell the first (status 0, ipmi_sim) take messaging away from a disabled user.
    """
    disabled = data[1] >> 6 == 2
    messaging = bool(data[3] & 0x10)
    privilege = {number: name for name, number in _PRIVILEGES.items()}.get(data[3] & 0x0F, Privilege.NONE)
    return Access(data[0] & 0x3F, messaging and not disabled, privilege)


def get_name(slot: int) -> Request:
    """Get User Name."""
    return Request(APP, 0x46, bytes([slot]))


def parse_name(data: bytes) -> str:
    """Answer to Get User Name."""
    return data.split(b"\0")[0].decode("ascii", "replace").strip()


def user_writes(
    slot: int, seen: BmcUser | None, password_right: bool, login: Login, privilege: Privilege
) -> list[Request]:
    """Requests that make the slot hold this enabled user; none when it does.

    Args:
        seen: what the slot holds, None for no name.
        password_right: the slot is known to have the wanted password.
    Raises:
        ValueError: the login or privilege cannot be had by IPMI.
    """
    name = login.user.encode()
    if not 1 <= len(name) <= _MAX_NAME or not login.user.isascii():
        raise ValueError(f"the user name {login.user!r} is not 1 to {_MAX_NAME} ASCII characters")
    if privilege not in _PRIVILEGES:
        raise ValueError(f"privilege {privilege.value!r} cannot be given to a user")
    secret = _password_bytes(login.password.get_secret_value())
    writes = []
    if seen is None or seen.name != login.user:
        writes.append(Request(APP, 0x45, bytes([slot]) + name.ljust(16, b"\0")))
    if not password_right:
        writes.append(_password(slot, 2, secret))
    if seen is None or not seen.enabled or seen.privilege is not privilege:
        writes.append(_access(slot, True, privilege))
        writes.append(_password(slot, 1))
    return writes


def disable_writes(seen: BmcUser | None, slot: int) -> list[Request]:
    """Requests that refuse the slot's logins; none when it has no name or is refused already."""
    if seen is None or not seen.enabled:
        return []
    return [_password(slot, 0), _access(slot, False, seen.privilege)]


def _access(slot: int, messaging: bool, privilege: Privilege) -> Request:
    """Set User Access: privilege limit, and messaging on or off; no callback, no link authentication."""
    change = 0x80 | (0x10 if messaging else 0)
    limit = _PRIVILEGES.get(privilege, 0x0F)
    return Request(APP, 0x43, bytes([change | PRESENT_CHANNEL, slot, limit, 0]))


def _password(slot: int, operation: int, secret: bytes = b"") -> Request:
    """Set User Password in its 16-byte form: 0 disable, 1 enable, 2 set."""
    return Request(APP, 0x47, bytes([slot, operation]) + secret)


def _password_bytes(password: str) -> bytes:
    """The password as it is stored. Longer ones would be cut without a word by some BMCs."""
    secret = password.encode()
    if not 1 <= len(secret) <= _MAX_PASSWORD or b"\0" in secret:
        raise ValueError(f"an IPMI password has 1 to {_MAX_PASSWORD} bytes")
    return secret.ljust(16, b"\0")

"""The values a stack file may hold, each alone: addresses, MAC addresses, names, secrets.

The text of a `ValueError` here is `<cause>; <fix>`. `schema` makes models of them.
"""

from __future__ import annotations

import re
from typing import Annotated

from netaddr import AddrFormatError, IPAddress, IPNetwork, IPRange
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

_OCTETS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_FLAVOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_WORD = re.compile(r"[\x21-\x7e]+")

FROM_FILE = "from_file"
"""Key of the validation context: true while a stack file is read without its passphrase."""

SEALED_PLACEHOLDER = "(sealed in the stack file)"
"""What a secret holds in a site read from a file alone. Never use it as a password or seed."""


def _address(value: object) -> IPAddress:
    if isinstance(value, IPAddress):
        return value
    if not isinstance(value, str) or not _OCTETS.fullmatch(value):
        raise ValueError(f"{value!r} is not an IPv4 address; write one such as 10.30.10.5")
    try:
        return IPAddress(value)
    except AddrFormatError:
        raise ValueError(f"{value!r} is not an IPv4 address; an octet goes from 0 to 255") from None


def _network(value: object) -> IPNetwork:
    if isinstance(value, IPNetwork):
        return value
    address, slash, length = str(value).partition("/")
    if not slash or not _OCTETS.fullmatch(address) or not length.isdigit() or int(length) > 32:
        raise ValueError(f"{value!r} is not an IPv4 network; write one such as 10.30.10.0/24")
    _address(address)
    network = IPNetwork(str(value))
    if network.ip != network.network:
        raise ValueError(f"{value!r} has host bits set; write {network.cidr}")
    return network


def _range(value: object) -> IPRange:
    if isinstance(value, IPRange):
        return value
    first, dash, last = str(value).partition("-")
    if not dash:
        raise ValueError(f"{value!r} is not a range; write one such as 10.30.50.100-10.30.50.200")
    low, high = _address(first.strip()), _address(last.strip())
    if low > high:
        raise ValueError(f"{value!r} ends before it begins; write the lower address first")
    return IPRange(low, high)


def _mac(value: object) -> str:
    text = str(value).lower().replace("-", ":")
    if not _MAC.fullmatch(text):
        raise ValueError(f"{value!r} is not a MAC address; write one such as 52:54:00:1e:0a:0b")
    if int(text[:2], 16) & 1:
        raise ValueError(f"{value!r} is a multicast MAC address; read the card's own off its label")
    return text


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a name; use a-z, 0-9 and dashes, at most 31, a letter first")
    return value


def _release(value: str) -> str:
    if not _RELEASE.fullmatch(value):
        raise ValueError(f"{value!r} is not a release; write one such as 2026.11 (it becomes part of a URL)")
    return value


def _flavor(value: str) -> str:
    if not _FLAVOR.fullmatch(value):
        raise ValueError(f"{value!r} is not a flavor's name; write one such as m1.small, at most 63")
    return value


def _host(value: str) -> str:
    if _OCTETS.fullmatch(value):
        _address(value)
    elif not _HOST.fullmatch(value) or value.replace(".", "").isdigit():
        raise ValueError(f"{value!r} is neither an IPv4 address nor a host name; write one of them")
    return value


def _word(value: str) -> str:
    if not _WORD.fullmatch(value):
        raise ValueError(f"{value!r} is not one word of plain ASCII; leave out blanks and accents")
    return value


def _vid(value: int) -> int:
    if value == 1:
        raise ValueError("is 1, the VLAN of every unconfigured port; take another")
    if not 1 < value < 4095:
        raise ValueError(f"is {value}, which is no VLAN id; write 2 to 4094")
    return value


def _pg_num(value: int) -> int:
    if not 1 <= value <= 32768 or value & (value - 1):
        raise ValueError(f"is {value}, which is no power of two; write one such as 32 or 64, at most 32768")
    return value


def _ovsdb(value: str) -> str:
    scheme, _, rest = value.partition(":")
    address, _, port = rest.partition(":")
    if scheme != "tcp" or not _OCTETS.fullmatch(address) or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{value!r} is not an OVSDB address; write one such as tcp:10.30.10.2:6640")
    _address(address)
    return value


class Sealed:
    """A `secure:` value in a stack file: it is there, and only the engine can open it."""

    def __init__(self, ciphertext: str) -> None:
        self.ciphertext = ciphertext


def _secret(value: object, inner: ValidatorFunctionWrapHandler, info: ValidationInfo) -> SecretStr:
    """Take the secret, or a placeholder for a sealed one. No message ever holds the value."""
    if isinstance(value, Sealed):
        return SecretStr(SEALED_PLACEHOLDER)
    if info.context and info.context.get(FROM_FILE):
        raise PydanticCustomError("clear_secret", "is a secret in clear text")
    try:
        secret: SecretStr = inner(value)
    except ValidationError as error:
        limits = error.errors(include_input=False, include_url=False)[0].get("ctx", {})
        reason = "is not text"
        if "min_length" in limits:
            reason = f"is shorter than {limits['min_length']} characters"
        elif "max_length" in limits:
            reason = f"is longer than {limits['max_length']} characters"
        raise PydanticCustomError("bad_secret", "{reason}", {"reason": reason}) from None
    return secret


Address = Annotated[IPAddress, BeforeValidator(_address)]
Network4 = Annotated[IPNetwork, BeforeValidator(_network)]
Range4 = Annotated[IPRange, BeforeValidator(_range)]
Mac = Annotated[str, BeforeValidator(_mac)]
Name = Annotated[str, AfterValidator(_name)]
Release = Annotated[str, AfterValidator(_release)]
FlavorName = Annotated[str, AfterValidator(_flavor)]
Host = Annotated[str, AfterValidator(_host)]
OvsdbAddress = Annotated[str, AfterValidator(_ovsdb)]
PgNum = Annotated[int, Field(strict=True), AfterValidator(_pg_num)]
Word = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_word)]
PortName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_word)]
Serial = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_word)]
Vid = Annotated[int, Field(strict=True), AfterValidator(_vid)]
IpmiUser = Annotated[str, Field(min_length=1, max_length=16), AfterValidator(_word)]
Text = Annotated[str, Field(max_length=255)]
# IPMI 2.0 keeps 20 bytes of a password; some BMCs keep 16 and drop the rest without a word.
IpmiPassword = Annotated[SecretStr, Field(min_length=1, max_length=16), WrapValidator(_secret)]
FactoryPassword = Annotated[SecretStr, Field(min_length=1, max_length=20), WrapValidator(_secret)]
Seed = Annotated[SecretStr, Field(min_length=32), WrapValidator(_secret)]
Secret = Annotated[SecretStr, Field(min_length=1), WrapValidator(_secret)]


class Model(BaseModel):
    """Frozen, no unknown keys, camelCase outside."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

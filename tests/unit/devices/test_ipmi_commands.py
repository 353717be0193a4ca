"""What the bytes of IPMI mean, and which of them a change needs."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from piston_iac.devices.bmc import commands
from piston_iac.devices.bmc.protocol import BmcUser, BootDevice, Login, Privilege
from piston_iac.devices.bmc.quirks import Quirks, quirks_of
from piston_iac.hardware_uuid import same_hardware

ADMIN = Privilege.ADMINISTRATOR
LOGIN = Login("piston", SecretStr("Abcdefghijklmn16"))
SEEN = BmcUser(3, "piston", True, ADMIN)


def sent(requests: list[commands.Request]) -> list[tuple[int, int]]:
    """Command, and for Set User Password its operation."""
    return [(one.command, one.data[1] if one.command == 0x47 else 0) for one in requests]


@pytest.mark.parametrize(
    ("data", "enabled", "privilege"),
    [
        ("3f010014", True, ADMIN),  # ipmi_sim: status not told, messaging on
        ("3f010004", False, ADMIN),  # ipmi_sim: messaging off
        ("0a420034", True, ADMIN),  # told: enabled
        ("0a820034", False, ADMIN),  # told: disabled, although messaging is on
        ("0a420033", True, Privilege.OPERATOR),
        ("0a420032", True, Privilege.USER),
        ("0a42003f", True, Privilege.NONE),
    ],
)
def test_user_access(data: str, enabled: bool, privilege: Privilege) -> None:
    access = commands.parse_access(bytes.fromhex(data))
    assert (access.enabled, access.privilege) == (enabled, privilege)


def test_guid_in_the_order_in_which_it_is_sent() -> None:
    sent_bytes = bytes.fromhex("9d000000000040008000000000000001")
    assert commands.parse_guid(sent_bytes) == "9d000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    "guid",
    [
        "33221100-5544-7766-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeeff",
        "ffeeddcc-bbaa-9988-7766-554433221100",
    ],
)
def test_same_hardware_in_every_order_that_bmcs_send(guid: str) -> None:
    assert same_hardware(guid, "00112233-4455-6677-8899-AABBCCDDEEFF")
    assert not same_hardware(guid, "00112233-4455-6677-8899-AABBCCDDEE00")


def test_boot_flags() -> None:
    flags = commands.set_boot_device(BootDevice.NETWORK)
    assert flags.data == bytes([5, 0xA0, 0x04, 0, 0, 0]), "next boot only, UEFI, PXE"
    assert commands.parse_boot_device(b"\x01\x05" + flags.data[1:], True) is BootDevice.NETWORK
    used_up = b"\x01\x05\x00\x04\x00\x00\x00"
    assert commands.parse_boot_device(used_up, True) is BootDevice.NONE
    assert commands.parse_boot_device(used_up, False) is BootDevice.NETWORK
    assert commands.parse_boot_device(b"\x01\x05\x80\x14\x00\x00\x00", True) is BootDevice.OTHER


def test_ipmi_sim_is_known() -> None:
    device_id = bytes.fromhex("00030908029f911200020f00000000")
    assert quirks_of(*commands.parse_product(device_id)) == Quirks(keeps_boot_valid_bit=False)
    assert quirks_of(674, 256) == Quirks()


@pytest.mark.parametrize(
    ("seen", "right", "wanted"),
    [
        (SEEN, True, []),
        (SEEN, False, [(0x47, 2)]),
        (None, False, [(0x45, 0), (0x47, 2), (0x43, 0), (0x47, 1)]),
        (BmcUser(3, "other", True, ADMIN), False, [(0x45, 0), (0x47, 2)]),
        (BmcUser(3, "piston", False, ADMIN), False, [(0x47, 2), (0x43, 0), (0x47, 1)]),
        (BmcUser(3, "piston", True, Privilege.USER), True, [(0x43, 0), (0x47, 1)]),
    ],
)
def test_user_writes(seen: BmcUser | None, right: bool, wanted: list[tuple[int, int]]) -> None:
    assert sent(commands.user_writes(3, seen, right, LOGIN, ADMIN)) == wanted


def test_password_is_sixteen_bytes_and_never_printed() -> None:
    writes = commands.user_writes(3, None, False, LOGIN, ADMIN)
    assert writes[1].data == b"\x03\x02Abcdefghijklmn16"
    assert "Abcdef" not in repr(writes)
    assert "41626364" not in repr(writes)
    short = Login("piston", SecretStr("short"))
    assert commands.user_writes(3, None, False, short, ADMIN)[1].data == b"\x03\x02short" + bytes(11)


def test_disable_keeps_the_privilege_and_the_name() -> None:
    writes = commands.disable_writes(SEEN, 3)
    assert sent(writes) == [(0x47, 0), (0x43, 0)]
    assert writes[1].data == bytes([0x80 | commands.PRESENT_CHANNEL, 3, 4, 0])
    assert commands.disable_writes(BmcUser(3, "piston", False, ADMIN), 3) == []
    assert commands.disable_writes(None, 3) == []

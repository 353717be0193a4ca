"""Cipher suite 17 (SHA-256), and every way in which a BMC can refuse a login."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from piston_iac.devices.bmc.ipmi import IpmiBmc
from piston_iac.devices.bmc.protocol import Login, Power
from piston_iac.errors import AccessRefused, DeviceRefused
from tests.contract.bmc.suite17 import Suite17Bmc

LOGIN = Login("piston", SecretStr("Abcdefghijklmn16"))
OPEN, RAKP1, RAKP3 = 0x10, 0x12, 0x14


@contextmanager
def running(statuses: dict[int, int] | None = None, privilege_code: int = 0) -> Iterator[Suite17Bmc]:
    bmc = Suite17Bmc(b"piston", b"Abcdefghijklmn16", statuses, privilege_code)
    bmc.start()
    try:
        yield bmc
    finally:
        bmc.close()


def test_ipmitool_and_our_driver_log_in_with_suite_17() -> None:
    with running() as sim:
        command = ["ipmitool", "-I", "lanplus", "-C", "17", "-N", "1", "-R", "2", "-H", "127.0.0.1"]
        command += ["-p", str(sim.port), "-U", "piston", "-E", "chassis", "power", "status"]
        environment = {**os.environ, "IPMI_PASSWORD": "Abcdefghijklmn16"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
        assert "Chassis Power is on" in done.stdout, done.stderr
        sim.suites.clear()
        with IpmiBmc("n1", "127.0.0.1", sim.port, timeout_s=5).session(LOGIN) as session:
            assert session.power() is Power.ON
        assert sim.suites == [17]


def test_wrong_password_with_suite_17() -> None:
    wrong = Login("piston", SecretStr("another"))
    with running() as sim, pytest.raises(AccessRefused, match="the password is wrong"):  # noqa: SIM117
        with IpmiBmc("n1", "127.0.0.1", sim.port, timeout_s=5).session(wrong):
            pass


@pytest.mark.parametrize(
    ("statuses", "privilege_code", "error", "text"),
    [
        ({RAKP1: 0x0D}, 0, AccessRefused, "no such enabled user"),
        ({RAKP1: 0x0A}, 0, AccessRefused, "may not act as administrator"),
        ({RAKP3: 0x0F}, 0, AccessRefused, "does not accept our proof"),
        ({}, 0x81, AccessRefused, "may not act as administrator"),
        ({OPEN: 0x11}, 0, DeviceRefused, "neither cipher suite 17 nor 3"),
        ({OPEN: 0x01}, 0, DeviceRefused, "all of its sessions are taken"),
        ({RAKP1: 0x02}, 0, DeviceRefused, "loses each login half-way"),
        ({RAKP1: 0x12}, 0, DeviceRefused, "status 0x12"),
    ],
)
def test_refused_logins_say_why(
    statuses: dict[int, int], privilege_code: int, error: type[Exception], text: str
) -> None:
    with running(statuses, privilege_code) as sim, pytest.raises(error, match=text):
        start = time.monotonic()
        with IpmiBmc("n1", "127.0.0.1", sim.port, timeout_s=0.8).session(LOGIN):
            pass
    assert time.monotonic() - start < 2

"""The IPMI driver against real ipmi_sim processes, checked with ipmitool and the chassis' own log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.console import Console, Pace
from piston_iac.devices.bmc.ipmi import IpmiBmc
from piston_iac.devices.bmc.protocol import Bmc as BmcProtocol
from piston_iac.devices.bmc.protocol import BmcUser, BootDevice, Login, Power, Privilege
from piston_iac.devices.bmc.rmcp.login import Credentials
from piston_iac.devices.bmc.rmcp.session import open_session
from piston_iac.errors import AccessRefused, DeviceRefused, Interrupted, TimedOut, Unreachable
from tests.contract.bmc.rig import GUID, Bmc, Relay, free_udp_port

OURS = Login("piston", SecretStr("Abcdefghijklmn16"))
RESCUE = Login("piston-rescue", SecretStr("Rescuefghijklm16"))
ADMIN = Privilege.ADMINISTRATOR
SOL, RAKP1, RAKP3 = 0x01, 0x12, 0x14


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds)


def sets(sim: Bmc) -> list[str]:
    return [line for line in sim.chassis_log() if line.startswith("set")]


def test_it_is_a_bmc(bmc: IpmiBmc, factory: Login) -> None:
    as_protocol: BmcProtocol = bmc
    with as_protocol.session(factory) as session:
        assert session.guid() == GUID


def test_guid_is_what_ipmitool_shows(sim: Bmc) -> None:
    assert GUID in sim.tool("ADMIN", "ADMIN", "mc", "guid")


def test_power_on_and_off(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        assert session.power() is Power.OFF
        session.set_power(Power.ON, soon())
        assert session.power() is Power.ON
        assert "is on" in sim.tool("ADMIN", "ADMIN", "power", "status")
        session.set_power(Power.ON, soon())
        assert sets(sim) == ["set power 1"]
        sim.tool("ADMIN", "ADMIN", "power", "off")
        assert session.power() is Power.OFF
        sim.tool("ADMIN", "ADMIN", "power", "on")
        session.set_power(Power.OFF, soon())
    assert sets(sim) == ["set power 1", "set power 0", "set power 1", "set power 0"]


def test_chassis_that_does_not_switch(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    (sim.where / "stuck").touch()
    with bmc.session(factory) as session:
        with pytest.raises(
            TimedOut, match=r"BMC of n1: could not switch the chassis on: .* still reports off"
        ):
            session.set_power(Power.ON, soon(0.5))
        stopped = soon(30)
        threading.Timer(0.3, stopped.cancelled.set).start()
        with pytest.raises(Interrupted):
            session.set_power(Power.ON, stopped)


def test_boot_device(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        assert session.boot_device() is BootDevice.NONE
        session.set_boot_device(BootDevice.NETWORK)
        assert session.boot_device() is BootDevice.NETWORK
        assert "Force PXE" in sim.tool("ADMIN", "ADMIN", "chassis", "bootparam", "get", "5")
        session.set_boot_device(BootDevice.NETWORK)
        assert sets(sim) == ["set boot pxe"]
        sim.tool("ADMIN", "ADMIN", "chassis", "bootdev", "disk")
        assert session.boot_device() is BootDevice.DISK
        with pytest.raises(DeviceRefused, match="'other' cannot be set"):
            session.set_boot_device(BootDevice.OTHER)


def test_user_is_made_with_sixteen_character_password(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        assert session.users() == (BmcUser(2, "ADMIN", True, ADMIN),)
        session.put_user(3, OURS, ADMIN)
        assert BmcUser(3, "piston", True, ADMIN) in session.users()
    assert "is off" in sim.tool("piston", OURS.password.get_secret_value(), "power", "status")
    with bmc.session(OURS) as session:
        session.put_user(3, Login("piston", SecretStr("Another-password")), Privilege.OPERATOR)
        assert BmcUser(3, "piston", True, Privilege.OPERATOR) in session.users()
    assert "Unable" in sim.tool("piston", OURS.password.get_secret_value(), "power", "status", check=False)
    assert "is off" in sim.tool("piston", "Another-password", "-L", "OPERATOR", "power", "status")


def test_put_user_writes_only_what_differs(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    """Counted at the BMC: ipmi_sim stores its users within a second after each write."""
    stored = sim.where / "state/ipmi_sim/sim/users.mc20"
    with bmc.session(factory) as session:
        session.put_user(3, OURS, ADMIN)
        wait_for(stored.exists)
        before = stored.stat().st_mtime_ns
        session.put_user(3, OURS, ADMIN)
        session.disable_user(4)
        time.sleep(1.3)
        assert stored.stat().st_mtime_ns == before
        sim.tool("ADMIN", "ADMIN", "user", "set", "password", "3", "drifted", "16")
        session.put_user(3, OURS, ADMIN)
        wait_for(lambda: stored.stat().st_mtime_ns > before)
    assert "is off" in sim.tool("piston", OURS.password.get_secret_value(), "power", "status")


@pytest.mark.parametrize(
    "login",
    [
        Login("piston", SecretStr("seventeen-chars-x")),
        Login("piston", SecretStr("")),
        Login("a-name-of-17-char", SecretStr("x")),
        Login("", SecretStr("x")),
    ],
)
def test_impossible_user_is_refused_before_writing(bmc: IpmiBmc, factory: Login, login: Login) -> None:
    with bmc.session(factory) as session:
        with pytest.raises(DeviceRefused) as refused:
            session.put_user(3, login, ADMIN)
        assert "seventeen" not in str(refused.value)
        assert [user.slot for user in session.users()] == [2]


def test_disabled_user_cannot_log_in(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        session.put_user(3, OURS, ADMIN)
    with bmc.session(OURS) as session:
        session.disable_user(2)
        session.disable_user(2)
        assert BmcUser(2, "ADMIN", False, ADMIN) in session.users()
    with pytest.raises(AccessRefused), bmc.session(factory):
        pass
    assert "Unable" in sim.tool("ADMIN", "ADMIN", "power", "status", check=False)
    with bmc.session(OURS) as session:
        session.put_user(2, factory, ADMIN)
    assert "is off" in sim.tool("ADMIN", "ADMIN", "power", "status")


def test_password_matches(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        session.put_user(3, OURS, ADMIN)
        assert session.password_matches(3, OURS.password)
        assert not session.password_matches(3, SecretStr("Abcdefghijklmn17"))
        assert not session.password_matches(4, OURS.password)
        session.disable_user(3)
        assert not session.password_matches(3, OURS.password)


def test_wrong_passwords_do_not_use_up_the_bmcs_sessions(bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        for _ in range(100):
            assert not session.password_matches(2, SecretStr("wrong"))
    with bmc.session(factory):
        pass


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        (Login("ADMIN", SecretStr("wrong")), "the password is wrong"),
        (Login("nobody", SecretStr("x")), "no such enabled user"),
    ],
)
def test_wrong_login_is_refused_at_once_after_one_try(sim: Bmc, login: Login, reason: str) -> None:
    relay = Relay(sim.port)
    relay.start()
    try:
        start = time.monotonic()
        bmc = IpmiBmc("n1", "127.0.0.1", relay.port, timeout_s=10)
        with pytest.raises(AccessRefused, match=reason) as refused, bmc.session(login):
            pass
        assert time.monotonic() - start < 1
        time.sleep(0.1)
        assert relay.kinds.count(RAKP1) == 1
        assert relay.kinds.count(RAKP3) <= 1, "the goodbye, which carries no proof"
        assert "wrong" not in str(refused.value).replace("the password is wrong", "")
    finally:
        relay.close()


def test_dead_bmc_is_unreachable_in_time(factory: Login) -> None:
    start = time.monotonic()
    bmc = IpmiBmc("n4", "127.0.0.1", free_udp_port(), timeout_s=1)
    with pytest.raises(Unreachable, match="BMC of n4: could not log in: no answer"), bmc.session(factory):
        pass
    assert 0.9 < time.monotonic() - start < 1.5


def test_bmc_that_dies_in_a_session(sim: Bmc, factory: Login) -> None:
    bmc = IpmiBmc("n1", "127.0.0.1", sim.port, timeout_s=1)
    with bmc.session(factory) as session:
        sim.stop()
        start = time.monotonic()
        with pytest.raises(Unreachable, match="stopped answering for 1 s"):
            session.power()
        assert time.monotonic() - start < 1.5
    sim.start()
    with bmc.session(factory) as session:
        assert session.power() is Power.OFF


def test_lost_packets_are_sent_again(sim: Bmc, factory: Login) -> None:
    """Each step of the login once, and commands."""
    relay = Relay(sim.port, lambda number, _: number in (0, 2, 5, 9, 12))
    relay.start()
    try:
        bmc = IpmiBmc("n1", "127.0.0.1", relay.port, timeout_s=20)
        with bmc.session(factory) as session:
            assert session.guid() == GUID
            assert session.power() is Power.OFF
    finally:
        relay.close()


def test_many_sessions_one_after_the_other_and_nested(bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as outer:
        for _ in range(30):
            with bmc.session(factory) as inner:
                assert inner.power() is outer.power()


def test_changed_password_is_repaired_through_the_second_user(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        session.put_user(3, OURS, ADMIN)
        session.put_user(4, RESCUE, ADMIN)
    sim.tool("ADMIN", "ADMIN", "user", "set", "password", "3", "drifted", "16")
    with pytest.raises(AccessRefused), bmc.session(OURS):
        pass
    with bmc.session(RESCUE) as session:
        assert not session.password_matches(3, OURS.password)
        session.put_user(3, OURS, ADMIN)
        assert session.password_matches(3, OURS.password)
    with bmc.session(OURS) as session:
        assert session.guid() == GUID


def test_twenty_at_once_and_dead_ones_delay_nobody(new_bmc: Callable[[], Bmc], factory: Login) -> None:
    sims = [new_bmc() for _ in range(20)]

    def power_on(number: int, port: int) -> float:
        start = time.monotonic()
        bmc = IpmiBmc(f"n{number}", "127.0.0.1", port, timeout_s=4, write_interval_s=0)
        with bmc.session(factory) as session:
            session.put_user(3, OURS, ADMIN)
            session.set_power(Power.ON, soon())
        return time.monotonic() - start

    with ThreadPoolExecutor(40) as pool:
        dead = [pool.submit(power_on, 100 + i, free_udp_port()) for i in range(5)]
        live = [pool.submit(power_on, i, sim.port) for i, sim in enumerate(sims)]
        slowest = max(job.result() for job in live)
        for job in dead:
            with pytest.raises(Unreachable):
                job.result()
    assert slowest < 3
    assert [sets(sim) for sim in sims] == [["set power 1"]] * 20


def test_writes_keep_their_distance(sim: Bmc, factory: Login) -> None:
    """Across objects and threads of this process; reads do not wait."""

    def switch(power: Power) -> None:
        bmc = IpmiBmc("n1", "127.0.0.1", sim.port, timeout_s=5, write_interval_s=0.5)
        with bmc.session(factory) as session:
            session.set_power(power, soon(10))

    start = time.monotonic()
    for power in (Power.ON, Power.OFF, Power.ON):
        switch(power)
    assert 1.0 <= time.monotonic() - start < 3


def test_console_shows_what_the_system_prints(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        session.put_user(3, OURS, ADMIN)
    heard: list[str] = []
    with bmc.console(OURS, heard.append):
        sim.serial.print("first line\r\n")
        wait_for(lambda: "first line" in "".join(heard))
        sim.serial.print("Größe 10 µm\r\n" + "x" * 3000)
        wait_for(lambda: "".join(heard).count("x") == 3000)
    assert "Größe 10 µm" in "".join(heard)
    assert "[console" not in "".join(heard)
    with bmc.console(OURS, heard.append):
        sim.serial.print("again\r\n")
        wait_for(lambda: "again" in "".join(heard))


def test_console_text_that_comes_twice_is_shown_once(sim: Bmc, factory: Login) -> None:
    """Our first two acknowledgements are lost, so the BMC sends its packet again."""
    acknowledged: list[int] = []

    def lose(number: int, data: bytes) -> bool:
        if data[5] & 0x3F == SOL:
            acknowledged.append(number)
        return data[5] & 0x3F == SOL and len(acknowledged) <= 2

    relay = Relay(sim.port, lose)
    relay.start()
    try:
        heard: list[str] = []
        with IpmiBmc("n1", "127.0.0.1", relay.port, timeout_s=5).console(factory, heard.append):
            sim.serial.print("only once\r\n")
            wait_for(lambda: len(acknowledged) >= 3)
            sim.serial.print("the end\r\n")
            wait_for(lambda: "the end" in "".join(heard))
        assert "".join(heard).count("only once") == 1
    finally:
        relay.close()


def test_five_consoles_at_once(new_bmc: Callable[[], Bmc], factory: Login) -> None:
    sims = [new_bmc() for _ in range(5)]

    def listen(number: int) -> str:
        heard: list[str] = []
        bmc = IpmiBmc(f"n{number}", "127.0.0.1", sims[number].port, timeout_s=5)
        with bmc.console(factory, heard.append), bmc.session(factory) as session:
            sims[number].serial.print(f"I am {number}\r\n")
            wait_for(lambda: f"I am {number}" in "".join(heard))
            assert session.power() is Power.OFF
        return "".join(heard)

    with ThreadPoolExecutor(5) as pool:
        for number, text in enumerate(pool.map(listen, range(5))):
            assert text.count("I am") == 1
            assert f"I am {number}" in text


def test_console_never_raises(sim: Bmc, bmc: IpmiBmc) -> None:
    heard: list[str] = []
    with bmc.console(Login("ADMIN", SecretStr("wrong")), heard.append):
        pass
    assert heard == ["[console: the password is wrong]\n"]
    dead = IpmiBmc("n4", "127.0.0.1", free_udp_port(), timeout_s=0.5)
    heard.clear()
    with dead.console(OURS, heard.append):
        wait_for(lambda: bool(heard))
    assert heard == ["[console: the BMC does not answer]\n"]


def test_console_comes_back_after_the_bmc_restarted(sim: Bmc) -> None:
    heard: list[str] = []
    credentials = Credentials(b"ADMIN", b"ADMIN", 4)
    console = Console(
        lambda deadline: open_session("127.0.0.1", sim.port, credentials, deadline),
        heard.append,
        timeout_s=5,
        pace=Pace(keepalive_s=0.2, answer_s=0.6, reopen_s=0.1),
    )
    console.start()
    sim.serial.print("before\r\n")
    wait_for(lambda: "before" in "".join(heard))
    sim.stop()
    wait_for(lambda: "[console: the BMC does not answer]" in "".join(heard))
    sim.start()
    wait_for(lambda: sim.serial.print("after\r\n") or "after" in "".join(heard))
    console.stop()


def test_secrets_are_in_no_text(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session, pytest.raises(DeviceRefused) as refused:
        session.put_user(60 + 3 + 1, OURS, ADMIN)
    assert OURS.password.get_secret_value() not in str(refused.value) + repr(refused.value)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = soon(5)
    while not condition():
        assert not deadline.over(), "did not come true"
        deadline.pause(0.02)

"""Is the BMC a real one: does it keep what it was told, and count it?"""

from __future__ import annotations

import os
import pty
import select
import signal

import pytest

from piston_iac.deadline import Deadline
from piston_iac.lab.bmcs import start_bmc, stop_bmc, wait_for_bmc
from piston_iac.lab.faults import parse_quirk, set_quirk
from piston_iac.lab.observe import count_writes
from piston_iac.lab.power import running
from piston_iac.lab.run import CommandFailed
from tests.lab.rack.rig import Bench


def bmc_writes(bench: Bench) -> int:
    return count_writes(bench.lab, bench.rack).bmcs["n1"]


def set_boot_device(bench: Bench, device: str) -> None:
    # ipmitool tells an error for a parameter that ipmi_sim does not have, and sets the device after that.
    bench.operator("sh", "-c", f"{' '.join(bench.ipmi_command('chassis', 'bootdev', device))} || true")


def serial_over_lan(bench: Bench, instance: int, wanted: str, trigger: str = "") -> str:
    """What ipmitool's console shows until the wanted text comes; `trigger` is printed by the machine."""
    command = bench.ipmi_command("sol", "activate", f"instance={instance}")
    enter = ["nsenter", f"--net={bench.lab.netns_path('operator')}"]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(enter[0], [*enter, *command])  # noqa: S606 - ipmitool wants a terminal of its own
    shown, deadline, waiting = "", Deadline.after(10), bool(trigger)
    while wanted not in shown and not deadline.over():
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096).decode(errors="replace")
        if waiting and "operational" in shown:
            waiting = False
            (bench.lab.home("n1") / "console").write_text(f"{trigger}\n")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(terminal)
    bench.ipmi("sol", "deactivate", f"instance={instance}")
    return shown


def test_users_and_boot_device_survive_a_restart(bench: Bench) -> None:
    bench.ipmi("user", "set", "name", "3", "piston")
    bench.ipmi("user", "set", "password", "3", "sesame-open-1")
    bench.ipmi("channel", "setaccess", "1", "3", "ipmi=on", "privilege=4")
    bench.ipmi("user", "enable", "3")
    set_boot_device(bench, "pxe")
    stop_bmc(bench.lab, bench.node)
    with pytest.raises(CommandFailed):
        bench.ipmi("chassis", "power", "status")
    start_bmc(bench.lab, bench.node)
    wait_for_bmc(bench.lab, bench.node)
    assert "is off" in bench.ipmi("chassis", "power", "status", user="piston", password="sesame-open-1")
    assert "Force PXE" in bench.ipmi("chassis", "bootparam", "get", "5")
    with pytest.raises(CommandFailed):
        bench.ipmi("chassis", "power", "status", user="piston", password="wrong")


def test_guid_is_the_chassis_uuid(bench: Bench) -> None:
    assert str(bench.node.hardware_uuid) in bench.ipmi("mc", "guid")


def test_counts_writes_and_not_reads(bench: Bench) -> None:
    before = bmc_writes(bench)
    bench.ipmi("user", "list", "1")
    bench.ipmi("chassis", "power", "status")
    bench.ipmi("chassis", "bootparam", "get", "5")
    assert bmc_writes(bench) == before
    bench.ipmi("user", "set", "password", "3", "sesame-open-2")
    bench.ipmi("chassis", "power", "off")
    log = (bench.lab.home(bench.node.bmc_place) / "writes.log").read_text()
    assert bmc_writes(bench) == before + 2
    assert "set power 0" in log
    assert "sesame" not in log


def test_a_write_of_the_same_value_is_a_write(bench: Bench) -> None:
    before = bmc_writes(bench)
    bench.ipmi("user", "set", "password", "3", "sesame-open-2")
    assert bmc_writes(bench) == before + 1


def test_serial_over_lan_shows_the_console(bench: Bench) -> None:
    bench.power_on()
    bench.wait_for_console("system up:")
    assert "still there" in serial_over_lan(bench, 1, "still there", trigger="still there")


def test_serial_over_lan_has_a_history(bench: Bench) -> None:
    assert "piston.node=n1" in serial_over_lan(bench, 2, "piston.node=n1")


def test_restart_of_the_bmc_leaves_the_machine_alone(bench: Bench) -> None:
    init = running(bench.lab, "n1").init
    stop_bmc(bench.lab, bench.node)
    start_bmc(bench.lab, bench.node)
    wait_for_bmc(bench.lab, bench.node)
    assert "is on" in bench.ipmi("chassis", "power", "status")
    assert running(bench.lab, "n1").init == init != 0


def test_dead_bmc_answers_nothing_until_it_is_revived(bench: Bench) -> None:
    set_quirk(bench.lab, bench.rack, bench.node, parse_quirk("dead"))
    with pytest.raises(CommandFailed):
        bench.ipmi("chassis", "power", "status")
    assert running(bench.lab, "n1").state == "system"
    set_quirk(bench.lab, bench.rack, bench.node, parse_quirk("none"))
    assert "is on" in bench.ipmi("chassis", "power", "status")


def test_lost_frames(bench: Bench) -> None:
    set_quirk(bench.lab, bench.rack, bench.node, parse_quirk("drop=1.0"))
    with pytest.raises(CommandFailed):
        bench.ipmi("chassis", "power", "status")
    set_quirk(bench.lab, bench.rack, bench.node, parse_quirk("none"))
    assert "is on" in bench.ipmi("chassis", "power", "status")


def test_factory_reset_forgets_users(bench: Bench) -> None:
    set_quirk(bench.lab, bench.rack, bench.node, parse_quirk("reset-factory"))
    assert "piston" not in bench.ipmi("user", "list", "1")
    assert running(bench.lab, "n1").state == "system"

"""The BMCs: one ipmi_sim (Debian openipmi) per node, in a namespace of its own.

ipmi_sim speaks real RMCP+ and keeps users, passwords and privileges in files, so they survive a
restart. Power and boot device go through the chassis script, the console through a pseudo terminal.
Source: ipmi_sim(1), ipmi_lan(5), ipmi_sim_cmd(5).
"""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from os import kill
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import TimedOut
from piston_iac.lab.cgroups import Unit, rack_unit
from piston_iac.lab.rack import Node
from piston_iac.lab.run import launch, run
from piston_iac.lab.settings import Lab

CHASSIS_SCRIPT = Path(__file__).with_name("chassis.sh")
FACTORY_USER = "ADMIN"
FACTORY_PASSWORD = "ADMIN"  # noqa: S105 - printed in every vendor's manual; this is the factory login
_FACTORY_SLOT = 2
_LOCKS = Path("/var/lock")
_HISTORY_BYTES = 16000
# ipmi_sim writes what changed into its files once a second.
FLUSH_S = 1.2

_DEVICE = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""


def state_dir(lab: Lab, node: Node) -> Path:
    """Where ipmi_sim keeps what must survive a restart."""
    return lab.home(node.bmc_place) / "state" / "ipmi_sim" / node.name


def serial_link(lab: Lab, node: Node) -> Path:
    """The BMC's end of the node's serial line. ipmi_sim locks it by its bare name, machine-wide."""
    return lab.home(node.bmc_place) / f"{lab.prefix}-{node.bmc_place}-sol"


def _lock_file(lab: Lab, node: Node) -> Path:
    return _LOCKS / f"LCK..{serial_link(lab, node).name}"


def lan_configuration(lab: Lab, node: Node) -> str:
    """ipmi_sim's configuration file. Pure.

    The GUID goes over the wire in the byte order of SMBIOS, as most real BMCs send it.
    """
    levels = ("callback", "user", "operator", "admin")
    auths = "\n".join(f"    allowed_auths_{level} md5" for level in levels)
    return f"""name "{node.name}"
set_working_mc 0x20
  startlan 1
    addr {node.bmc_address} 623
    priv_limit admin
{auths}
    guid {node.hardware_uuid.bytes_le.hex()}
  endlan
  chassis_control "{CHASSIS_SCRIPT} {lab.directory} {node.name}"
  sol "{serial_link(lab, node)}" 115200 history={_HISTORY_BYTES}
  user 1 false "" "" user 10
  user {_FACTORY_SLOT} true "{FACTORY_USER}" "{FACTORY_PASSWORD}" admin 10
  user 3 false "" "" admin 10
  user 4 false "" "" admin 10
"""


def prepare_bmc(lab: Lab, node: Node) -> None:
    """Make a BMC's files in factory state."""
    home = lab.home(node.bmc_place)
    state_dir(lab, node).mkdir(parents=True)
    # ipmi_sim stores passwords in clear, as a BMC's flash does.
    home.chmod(0o700)
    (home / "lan.conf").write_text(lan_configuration(lab, node))
    (home / "sim.emu").write_text(_DEVICE)
    (home / "writes.log").touch()


def bmc_unit(lab: Lab, node: Node) -> Unit:
    """The processes of one BMC."""
    return rack_unit(lab.prefix).child(node.bmc_place)


def start_bmc(lab: Lab, node: Node) -> None:
    """Give a BMC its stand-by power and plug its network."""
    if bmc_unit(lab, node).alive():
        return
    _lock_file(lab, node).unlink(missing_ok=True)  # of a BMC that was killed with its rack
    home = lab.home(node.bmc_place)
    run(["ip", "-n", lab.netns(node.bmc_place), "link", "set", "eth0", "up"])
    command = ["ipmi_sim", "-c", f"{home}/lan.conf", "-f", f"{home}/sim.emu", "-s", f"{home}/state", "-n"]
    launch(bmc_unit(lab, node), command, log=home / "sim.log", netns=lab.netns_path(node.bmc_place))


def stop_bmc(lab: Lab, node: Node) -> None:
    """Stop a BMC. It keeps what it was told; ipmi_sim needs a moment to write that to its files."""
    unit = bmc_unit(lab, node)
    time.sleep(FLUSH_S if unit.alive() else 0)
    for process in unit.processes():
        with suppress(ProcessLookupError):
            kill(process, signal.SIGTERM)
    deadline = Deadline.after(5.0)
    while unit.alive() and not deadline.over():
        deadline.pause(0.02)
    unit.kill()
    _lock_file(lab, node).unlink(missing_ok=True)


def kill_bmc(lab: Lab, node: Node) -> None:
    """Make a BMC dead: its process ends and its address answers nothing, not even ARP."""
    stop_bmc(lab, node)
    run(["ip", "-n", lab.netns(node.bmc_place), "link", "set", "eth0", "down"])


def reset_to_factory(lab: Lab, node: Node) -> None:
    """Forget all users and settings, as the jumper on the board does. Power stays as it is."""
    stop_bmc(lab, node)
    for file in state_dir(lab, node).iterdir():
        file.unlink()
    (lab.home(node.name) / "boot-device").unlink(missing_ok=True)
    start_bmc(lab, node)


def wait_for_bmc(lab: Lab, node: Node) -> None:
    """Wait until the BMC's process has opened its port.

    Raises:
        TimedOut: it does not.
    """
    deadline = Deadline.after(10.0)
    listening = ["nsenter", f"--net={lab.netns_path(node.bmc_place)}", "ss", "-Hlun", "sport", "=", ":623"]
    while not run(listening).strip():
        if deadline.over():
            log = lab.home(node.bmc_place) / "sim.log"
            raise TimedOut(f"BMC of {node.name}", "start ipmi_sim", "port 623 is not open", f"Read {log}")
        deadline.pause(0.05)


def remove_locks(lab: Lab) -> None:
    """Remove the locks of serial lines that a killed rack left."""
    for file in _LOCKS.glob(f"LCK..{lab.prefix}-bmc*-sol"):
        file.unlink()

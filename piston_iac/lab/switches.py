"""The two switches: Open vSwitch in user space, one database and one daemon in each switch's namespace.

In factory state every port is an access port of VLAN 1; on the management switch the operator's port,
the data switch's management port and the switch's own interface are in the management VLAN already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import TimedOut
from piston_iac.lab.cgroups import Unit, rack_unit
from piston_iac.lab.rack import FACTORY_VLAN, MANAGEMENT_VLAN, SWITCH_ADDRESSES, Card, Rack
from piston_iac.lab.run import launch, run
from piston_iac.lab.settings import Lab

# As on nodes: a packet of this switch costs a third with it (see their `ovs-vswitchd.service.d`).
_ALLOCATOR = "libtcmalloc_minimal.so.4"
_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
_OWN_INTERFACE = "mgmt0"
_START_S = 20.0
BRIDGE = "sw"
PROJECT = Path(__file__).parents[2]


def factory_arguments(switch: str, rack: Rack) -> list[str]:
    """Arguments of ovs-vsctl that bring an empty database into factory state. Pure."""
    arguments = ["init", "--", "add-br", BRIDGE, "--", "set", "bridge", BRIDGE]
    arguments += ["datapath_type=netdev", "fail_mode=standalone"]
    # One switch among many on this machine: two helper threads are enough.
    arguments += ["--", "set", "Open_vSwitch", ".", "other_config:n-handler-threads=1"]
    arguments += ["other_config:n-revalidator-threads=1"]
    for card in rack.ports(switch):
        arguments += _port_arguments(card)
    if switch == "mgmt":
        arguments += ["--", "add-port", BRIDGE, _OWN_INTERFACE, f"tag={MANAGEMENT_VLAN}"]
        arguments += ["--", "set", "interface", _OWN_INTERFACE, "type=internal"]
    return [*arguments, "--", "set", "port", BRIDGE, f"tag={FACTORY_VLAN}"]


def _port_arguments(card: Card) -> list[str]:
    return ["--", "add-port", BRIDGE, card.port, f"tag={card.vlan}"]


def added_arguments(switch: str, cards: Sequence[Card]) -> list[str]:
    """Arguments of ovs-vsctl that bring new ports into factory state, whatever was there. Pure."""
    arguments: list[str] = []
    for card in cards:
        if card.switch == switch:
            arguments += ["--", "--if-exists", "del-port", BRIDGE, card.port, *_port_arguments(card)]
    return arguments


def add_ports(lab: Lab, cards: Sequence[Card]) -> None:
    """Let both switches, which go on running, have the ports of new cables."""
    for switch in SWITCH_ADDRESSES:
        run(database_command(lab, switch, ["ovs-vsctl", "--timeout=20", *added_arguments(switch, cards)]))


def database_command(lab: Lab, switch: str, arguments: Sequence[str]) -> list[str]:
    """A command line that talks to that switch's database, as someone at its serial port would."""
    home = lab.home(switch)
    program, *rest = arguments
    database = f"--db=unix:{home}/db.sock" if program == "ovs-vsctl" else ""
    # The other ovs programs find the switch by its run directory.
    environment = ["env", f"OVS_RUNDIR={home}", f"OVS_DBDIR={home}", f"OVS_LOGDIR={home}"]
    command = [*environment, program, *([database] if database else []), *rest]
    return ["nsenter", f"--net={lab.netns_path(switch)}", *command]


def start_switch(lab: Lab, switch: str, rack: Rack) -> None:
    """Start a switch in factory state and wait until it forwards."""
    home = lab.home(switch)
    home.mkdir(parents=True)
    run(["ovsdb-tool", "create", str(home / "conf.db"), _SCHEMA])
    unit = rack_unit(lab.prefix).child(switch)
    _start_database(lab, switch, unit)
    run(database_command(lab, switch, ["ovs-vsctl", "--no-wait", *factory_arguments(switch, rack)]))
    daemon = ["ovs-vswitchd", f"unix:{home}/db.sock", f"--pidfile={home}/vswitchd.pid"]
    logging = [f"--log-file={home}/vswitchd.log", f"--unixctl={home}/vswitchd.ctl", "-vconsole:off"]
    _launch(lab, switch, unit.child("vswitchd"), ["env", f"LD_PRELOAD={_ALLOCATOR}", *daemon, *logging])
    if switch == "mgmt":
        _give_own_address(lab, switch)
    remote = f"ptcp:6640:{SWITCH_ADDRESSES[switch]}"
    run(["ovs-appctl", "-t", f"{home}/ovsdb.ctl", "ovsdb-server/add-remote", remote])
    module = [sys.executable, "-m", "piston_iac.lab.switch_l3", str(home)]
    _launch(lab, switch, unit.child("l3"), ["env", f"PYTHONPATH={PROJECT}", *module])
    _wait(switch, (home / "writes.log").exists, "start its L3 part", home / "daemons.log")


def _start_database(lab: Lab, switch: str, unit: Unit) -> None:
    home = lab.home(switch)
    files = [
        f"--remote=punix:{home}/db.sock",
        f"--pidfile={home}/ovsdb.pid",
        f"--log-file={home}/ovsdb.log",
        f"--unixctl={home}/ovsdb.ctl",
    ]
    _launch(lab, switch, unit.child("ovsdb"), ["ovsdb-server", str(home / "conf.db"), *files])
    _wait(switch, (home / "db.sock").exists, "open its database", home / "ovsdb.log")


def _wait(switch: str, ready: Callable[[], bool], action: str, log: Path) -> None:
    deadline = Deadline.after(_START_S)
    while not ready():
        if deadline.over():
            raise TimedOut(f"switch {switch}", action, f"not done after {_START_S:.0f} s", f"Read {log}")
        deadline.pause(0.03)


def _launch(lab: Lab, switch: str, unit: Unit, argv: Sequence[str]) -> None:
    home = lab.home(switch)
    environment = ["env", f"OVS_RUNDIR={home}", f"OVS_LOGDIR={home}", f"OVS_DBDIR={home}"]
    launch(unit, [*environment, *argv], log=home / "daemons.log", netns=lab.netns_path(switch))


def _give_own_address(lab: Lab, switch: str) -> None:
    netns = lab.netns(switch)

    def made() -> bool:
        return _OWN_INTERFACE in run(["ip", "-n", netns, "-br", "link"])

    _wait(switch, made, f"make {_OWN_INTERFACE}", lab.home(switch) / "vswitchd.log")
    run(["ip", "-n", netns, "addr", "add", f"{SWITCH_ADDRESSES[switch]}/24", "dev", _OWN_INTERFACE])
    run(["ip", "-n", netns, "link", "set", _OWN_INTERFACE, "up"])
    run(["nsenter", f"--net={lab.netns_path(switch)}", "ethtool", "-K", _OWN_INTERFACE, "tx", "off"])


def switch_alive(lab: Lab, switch: str) -> bool:
    """True while database, daemon and L3 part of the switch all run."""
    unit = rack_unit(lab.prefix).child(switch)
    return all(unit.child(part).alive() for part in ("ovsdb", "vswitchd", "l3"))

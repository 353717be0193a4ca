"""How Open vSwitch is started and told, and how links, addresses and routes are set."""

from __future__ import annotations

from pathlib import Path

from piston_iac.node_agent import units
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.steps import LinkUp, Ovs, RemoveFlow, SetAddress, SetGateway, StartSwitch
from piston_iac.node_agent.tools import run

_SYSTEM_ID = Path("/etc/openvswitch/system-id.conf")
_MODULE = Path("/sys/module/openvswitch")
_OVS_LIMIT = "--timeout=20"


def do(step: StartSwitch | Ovs | RemoveFlow | LinkUp | SetAddress | SetGateway) -> None:
    """Do one step on the network.

    Raises:
        ToolFailed: a program failed.
    """
    match step:
        case StartSwitch():
            _start(step)
        case Ovs():
            run("ovs-vsctl", _OVS_LIMIT, *step.arguments)
        case RemoveFlow():
            run("ovs-ofctl", "--strict", "del-flows", step.bridge, step.match)
        case LinkUp():
            run("ip", "link", "set", step.link, "up")
        case SetAddress():
            for address in step.others:
                run("ip", "addr", "del", address, "dev", step.interface.name)
            if step.missing:
                run("ip", "addr", "add", step.interface.address, "dev", step.interface.name)
        case SetGateway():
            run("ip", "route", "replace", "default", "via", step.gateway)


def _start(step: StartSwitch) -> None:
    # A fixed system id: a random one after each boot makes OVN take the node for another chassis.
    write_atomically(_SYSTEM_ID, f"{step.system_id}\n".encode(), 0o644)
    run("modprobe", "--quiet", "openvswitch", check=False)
    units.start("ovsdb-server.service")
    if not _MODULE.exists():
        # Packets from a local sender come with unfinished checksums. The userspace datapath handles them
        # only with this switch on, which it reads once, at its start; and the card must finish them before
        # they leave, because a switch that runs without it would pass them on as they are.
        run("ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", "other_config:userspace-tso-enable=true")
        run("ethtool", "-K", step.uplink, "tx", "off", check=False)
    units.start("openvswitch-switch.service")

"""The rack under test, and foreign hands on it: ovs-vsctl, ipmitool, root's shell on a machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piston_iac.lab import power, updown
from piston_iac.lab.cloudkey import insert_stick
from piston_iac.lab.disks import attached_disks
from piston_iac.lab.observe import Writes, count_writes
from piston_iac.lab.rack import BOOT, Node, Rack
from piston_iac.lab.run import CommandFailed, run
from piston_iac.lab.settings import Lab
from piston_iac.lab.switches import database_command

# ovsdb columns that configuration is made of; the rest is identity and status.
_COLUMNS = {
    "port": "name,tag,trunks,vlan_mode,external_ids",
    "interface": "name,type,mtu_request,external_ids",
    "bridge": "name,external_ids",
}


@dataclass(frozen=True)
class SmallRack:
    """One node, two switches, a boot node."""

    lab: Lab

    @property
    def node(self) -> Node:
        """The only one."""
        return Rack(1).nodes[0]

    def bring_up(self) -> None:
        """Everything powered off, in factory state."""
        updown.up(self.lab, 1)

    def take_down(self) -> None:
        """Leave nothing behind."""
        updown.down(self.lab)

    def start_boot_node(self, cloudkey: Path) -> None:
        """Plug the stick in and press the button."""
        insert_stick(self.lab, cloudkey)
        power.power_on(self.lab, BOOT)

    def enter_operator(self) -> list[str]:
        """The command that goes where the operator sits."""
        return ["nsenter", f"--net={self.lab.netns_path('operator')}"]

    def writes(self) -> Writes:
        """How often each device was told to change, by its own count."""
        return count_writes(self.lab, Rack(1))

    def powered_on(self) -> bool:
        """What the node's power supply knows."""
        return power.running(self.lab, self.node.name).state != "off"

    def vsctl(self, switch: str, *command: str) -> str:
        """Change a switch from its own shell."""
        return run(database_command(self.lab, switch, ["ovs-vsctl", "--timeout=10", *command]))

    def shell(self, machine: str, command: str) -> str:
        """A root process on a machine."""
        return run([*power.enter_command(self.lab, machine), "sh", "-c", command])

    def ipmi(self, user: str, password: str, *command: str) -> str:
        """ipmitool at the BMC's own place: that way is open whatever the switch does. Few and short tries."""
        login = ["-H", self.node.bmc_address, "-U", user, "-P", password]
        tool = ["ipmitool", "-I", "lanplus", "-C", "3", "-N", "1", "-R", "1"]
        return run(["nsenter", f"--net={self.lab.netns_path(self.node.bmc_place)}", *tool, *login, *command])

    def lets_in(self, user: str, password: str) -> bool:
        """Whether the BMC takes this login as administrator."""
        try:
            return "Chassis Power is" in self.ipmi(user, password, "chassis", "power", "status")
        except CommandFailed:
            return False

    def served_digest(self, url: str) -> str:
        """SHA-256 of what the operator downloads from there."""
        return run([*self.enter_operator(), "sh", "-c", f"curl -sf {url} | sha256sum"]).split()[0]

    def configuration(self, switch: str) -> dict[str, Any]:
        """All that somebody configured on a switch, by table and name."""
        found = {}
        for table, columns in _COLUMNS.items():
            told = json.loads(self.vsctl(switch, "--format=json", f"--columns={columns}", "list", table))
            found[table] = {row[0]: row[1:] for row in told["data"]}
        return found

    def local_disk_signatures(self) -> list[str]:
        """What blkid reads off each local disk: type, label, and the file system's own UUID."""
        disks = attached_disks(self.lab, self.node.name)[:4]
        wanted = ["--match-tag", "TYPE", "--match-tag", "LABEL", "--match-tag", "UUID"]
        told = run(["blkid", "--probe", *wanted, *(disk.device for disk in disks)])
        return [line.partition(":")[2].strip() for line in told.splitlines()]

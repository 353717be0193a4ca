"""A user of the cloud, with OpenStack's own command line, where users sit: on the core network."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import Any

from tests.lab.cloud import Cloud
from tests.lab.operator_shell import NODES

_CALL_S = 240.0
_PAGE_S = 240.0
NETWORK, _IMAGE = "users", "piston-check"


@dataclass(frozen=True)
class CloudUser:
    """Works as the administrator, in his own project."""

    cloud: Cloud

    def does(self, words: str) -> str:
        """One command that has to succeed; its output."""
        return self.cloud.rack.must(f"openstack --os-cloud lab {words}", _CALL_S)

    def sees(self, words: str) -> Any:
        """The same, as data."""
        said = self.does(f"{words} -f json")
        return json.loads(said[min(at for it in "[{" if (at := said.find(it)) >= 0) :])

    def makes_network(self) -> None:
        """A network with a way out, in which web pages and pings are let in."""
        self.does(f"network create {NETWORK}")
        self.does(f"subnet create {NETWORK} --network {NETWORK} --subnet-range 192.168.9.0/24")
        self.does(f"router create {NETWORK} --external-gateway public")
        self.does(f"router add subnet {NETWORK} {NETWORK}")
        self.does(f"security group create {NETWORK}")
        self.does(f"security group rule create {NETWORK} --protocol tcp --dst-port 80")
        self.does(f"security group rule create {NETWORK} --protocol icmp")

    def starts(
        self, name: str, host: str, *, in_storage: bool = False, script: str = "", fixed: str = ""
    ) -> str:
        """A machine on a node; returns its floating IP.

        Args:
            in_storage: its root disk is a volume, which goes with it; else it is where the site has them.
            script: what it runs once it is up. fixed: its address in the network, where that counts.
        """
        disk = f"--image {_IMAGE}"
        if in_storage:
            image = self.sees(f"image show {_IMAGE}")["id"]
            kind = "source_type=image,destination_type=volume,volume_size=1,boot_index=0"
            disk = f"--block-device {kind},delete_on_termination=true,uuid={image}"
        place = f"--nic net-id={NETWORK},v4-fixed-ip={fixed}" if fixed else f"--network {NETWORK}"
        words = f"{disk} --flavor piston.check {place} --security-group {NETWORK}"
        with NamedTemporaryFile("w", suffix=".sh") as given:
            given.write(script)
            given.flush()
            more = f"--host {host} {words} {f'--user-data {given.name}' if script else ''}"
            self.does(f"--os-compute-api-version 2.74 server create {name} {more} --wait")
        address = str(self.sees("floating ip create public")["floating_ip_address"])
        self.does(f"server add floating ip {name} {address}")
        return address

    def removes(self, name: str, address: str) -> None:
        """A machine and its floating IP. The command line waits for no more than two minutes: a node that has
        just come back takes longer.
        """
        self.does(f"server delete {name}")
        began = time.monotonic()
        while self.sees(f"server list --name '^{name}$'"):
            assert time.monotonic() - began < _CALL_S, f"{name} is still there"
            time.sleep(3.0)
        self.does(f"floating ip delete {address}")

    def removes_network(self) -> None:
        """What `makes_network` made."""
        self.does(f"router remove subnet {NETWORK} {NETWORK}")
        self.does(f"router delete {NETWORK}")
        self.does(f"network delete {NETWORK}")
        self.does(f"security group delete {NETWORK}")

    def host_of(self, name: str) -> str:
        """The node that a machine runs on."""
        return str(self.sees(f"server show {name}")["OS-EXT-SRV-ATTR:host"])

    def page_s(self, address: str, name: str) -> float:
        """Until the machine's web page says its name; how long that took, seconds."""
        began = time.monotonic()
        self.waits_for(address, "", name)
        return time.monotonic() - began

    def page(self, address: str, name: str) -> str:
        """What a page of a machine says to the core network; empty for none."""
        said = self.cloud.rack.shell(f"piston lab exec core -- curl -sfm 4 http://{address}/{name}")
        return said.text if said.code == 0 else ""

    def waits_for(self, address: str, name: str, begin: str = "") -> str:
        """What that page says as soon as there is one that begins so."""
        began, said = time.monotonic(), ""
        while time.monotonic() - began < _PAGE_S:
            said = self.page(address, name)
            if said and said.startswith(begin):
                return said
            time.sleep(1.0)
        raise AssertionError(f"page /{name} at {address} after {_PAGE_S:.0f} s: {said or 'nothing'}")

    def inventory(self) -> dict[str, list[str]]:
        """Names of all that users can make, as the services tell it, and what lies on nodes and in pools."""
        kinds = {
            "server": "server list --all-projects",
            "volume": "volume list --all-projects",
            "snapshot": "volume snapshot list --all-projects",
            "network": "network list",
            "subnet": "subnet list",
            "router": "router list",
            "port": "port list",
            "floating ip": "floating ip list",
            "security group": "security group list",
            "image": "image list",
            "flavor": "flavor list --all",
            "key pair": "keypair list",
            "project": "project list",
        }
        found = {
            kind: sorted(str(it.get("Name") or it.get("ID")) for it in self.sees(words))
            for kind, words in kinds.items()
        }
        disks = "find /persist/instances -name 'disk*' -o -name '*.info'"
        for node in NODES:
            found[f"disks on {node}"] = self.cloud.rack.lab(f"console {node} -- {disks}").split()
        for pool in ("volumes", "vms"):
            found[f"pool {pool}"] = self.cloud.rack.must(f"piston ceph run lab -- rbd ls {pool}").split()
        return found

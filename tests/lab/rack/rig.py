"""The bench that the tests of the rack work at: one small rack, and hands to use it.

The boot node's services are stand-ins here, run in the boot node's namespace: dnsmasq for DHCP and a
plain HTTP server. The image is a few busybox programs: these tests ask whether the rack behaves like
hardware, not what runs on it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from piston_iac.deadline import Deadline
from piston_iac.lab.cgroups import Unit, rack_unit
from piston_iac.lab.rack import Node, Rack
from piston_iac.lab.run import launch, run
from piston_iac.lab.serial_lines import last_lines
from piston_iac.lab.settings import Lab

# One rack per worker of pytest-xdist. Always in the same place: a run that was killed is cleared away by
# the next one.
PREFIX = f"pistonrt{os.environ.get('PYTEST_XDIST_WORKER', '')}"
SCRATCH = Path("/var/tmp")
FACTORY = "ADMIN"
BOOT_ADDRESS = "10.30.10.5"
# What runs as PID 1: says who it is and what it was told, then waits.
INIT = """#!/bin/busybox sh
echo "system up: $(cat /proc/cmdline)"
while :; do sleep 60; done
"""


def wait_until(what: str, condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Poll until the condition holds; fails the test otherwise."""
    deadline = Deadline.after(seconds)
    while not condition():
        if deadline.over():
            pytest.fail(f"not within {seconds:.0f} s: {what}")
        deadline.pause(0.1)


@dataclass(frozen=True)
class Bench:
    """The rack under test with its stand-in services."""

    lab: Lab
    rack: Rack
    served: Path

    @property
    def node(self) -> Node:
        return self.rack.nodes[0]

    @property
    def image(self) -> Path:
        return self.served / "root.squashfs"

    def operator(self, *command: str) -> str:
        """Run a program where the operator sits."""
        return run(["nsenter", f"--net={self.lab.netns_path('operator')}", *command])

    def ipmi_command(self, *command: str, user: str = FACTORY, password: str = FACTORY) -> list[str]:
        login = ["-H", self.node.bmc_address, "-U", user, "-P", password]
        # Few and short tries: the BMC is one cable away.
        return ["ipmitool", "-I", "lanplus", "-C", "3", "-N", "1", "-R", "1", *login, *command]

    def ipmi(self, *command: str, user: str = FACTORY, password: str = FACTORY) -> str:
        return self.operator(*self.ipmi_command(*command, user=user, password=password))

    def database(self, switch: str, *command: str) -> str:
        """Run ovs-vsctl at the switch's own database."""
        socket = self.lab.home(switch) / "db.sock"
        return run(["ovs-vsctl", f"--db=unix:{socket}", "--timeout=10", *command])

    def set_vlan(self, port: str, vid: int) -> None:
        self.database("mgmt", "set", "port", port, f"tag={vid}")

    def console(self) -> str:
        return "\n".join(last_lines(self.lab.home("n1") / "console.log", 10000))

    def forget_console(self) -> None:
        os.truncate(self.lab.home("n1") / "console.log", 0)

    def power_on(self) -> None:
        """Power cycle through the BMC, with an empty console log."""
        self.ipmi("chassis", "power", "off")
        self.forget_console()
        self.ipmi("chassis", "power", "on")

    def wait_for_console(self, text: str, seconds: float = 15.0) -> None:
        wait_until(
            f"console says {text!r}; it says:\n{self.console()}", lambda: text in self.console(), seconds
        )

    def publish(self, image: bytes, digest: str = "") -> None:
        """Put an image and the node's boot script on the boot node."""
        self.image.write_bytes(image)
        script = self.served / "boot.ipxe"
        url = f"http://{BOOT_ADDRESS}:8080"
        arguments = f"piston.node=n1 piston.image={url}/root.squashfs"
        arguments += f" piston.sha256={digest or hashlib.sha256(image).hexdigest()}"
        script.write_text(f"#!ipxe\nkernel {url}/vmlinuz {arguments}\ninitrd {url}/initrd\nboot\n")


def busybox_image(scratch: Path) -> bytes:
    """A root of busybox and its libraries, as squashfs."""
    root = scratch / "root"
    for directory in ("bin", "usr/lib/systemd", "etc", "root"):
        (root / directory).mkdir(parents=True)
    busybox = shutil.which("busybox")
    assert busybox
    shutil.copy(busybox, root / "bin/busybox")
    for library in re.findall(r"(/\S+\.so\S*)", run(["ldd", busybox])):
        target = root / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    for applet in ("sh", "cat", "sleep", "ls", "ip", "readlink"):
        (root / "bin" / applet).symlink_to("busybox")
    init = root / "usr/lib/systemd/systemd"
    init.write_text(INIT)
    init.chmod(0o755)
    image = scratch / "image.squashfs"
    run(["mksquashfs", str(root), str(image), "-quiet", "-no-progress", "-noappend"])
    return image.read_bytes()


def start_boot_services(bench: Bench) -> Unit:
    """DHCP and HTTP in the boot node's namespace, as the boot node would serve them."""
    netns, unit = bench.lab.netns_path("boot"), rack_unit(bench.lab.prefix).child("stand-ins")
    run(["ip", "-n", bench.lab.netns("boot"), "addr", "add", f"{BOOT_ADDRESS}/24", "dev", "eth0"])
    run(["ip", "-n", bench.lab.netns("boot"), "link", "set", "eth0", "up"])
    mac = bench.node.cards[0].mac
    options = [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--port=0",
        "--interface=eth0",
        "--user=root",
        f"--pid-file={bench.served}/dnsmasq.pid",
        f"--dhcp-leasefile={bench.served}/leases",
        "--dhcp-range=10.30.10.0,static,255.255.255.0,infinite",
        f"--dhcp-host={mac},10.30.10.11,n1,infinite",
        f"--dhcp-boot=http://{BOOT_ADDRESS}:8080/boot.ipxe",
    ]
    log = bench.served.parent / "services.log"
    launch(unit.child("dhcp"), ["dnsmasq", *options], log=log, netns=netns)
    server = [sys.executable, "-m", "http.server", "8080", "--bind", BOOT_ADDRESS]
    launch(unit.child("http"), [*server, "--directory", str(bench.served)], log=log, netns=netns)
    return unit

"""The firmware of a virtual machine: finds something to boot and says on the serial line what it does.

A node boots over the network, through its own boot card: DHCP, boot script by HTTP, root image by HTTP,
digest. Whatever fails is printed and tried again a few seconds later, as PXE firmware does; the machine
stays on. Where the network gives nothing at all, what the node has on its local mirror is started instead,
if its digest is right. The boot device that the BMC was told counts for one boot, and for it alone.
The boot node boots from the USB stick in it.

Runs in the machine's namespace: `python -m piston_iac.lab.firmware <machine>`. Leaves the boot plan for
`node_root`, and the address that DHCP gave on the card.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import DeviceRefused, PistonError, Unreachable
from piston_iac.lab.boot_plan import BootPlan, image_of, parse_boot_entry, parse_boot_script
from piston_iac.lab.disks import attached_disks
from piston_iac.lab.images import DigestMismatch, keep_verified
from piston_iac.lab.local_disk import find_mirror, read_file
from piston_iac.lab.rack import BOOT, hardware_uuid
from piston_iac.lab.run import run
from piston_iac.lab.settings import Lab, from_environment

_CARD = "eth0"
_LEASE_SCRIPT = Path(__file__).with_name("lease.sh")
_LINK_S = 1.0
_HTTP_TIMEOUT_S = 15.0
# So often the network may give nothing before the disk is tried, when nobody chose a boot device.
_SILENT_ATTEMPTS = 2
_CHUNK = 1 << 20
_RETRY_S = 3.0
# A wrong image costs a whole download: leave the machine some air.
_RETRY_IMAGE_S = 8.0
# What iPXE says of itself: PXE client of x86-64 UEFI, user class iPXE. Source: RFC 4578, RFC 3004.
_DHCP_IDENTITY = ("-V", "PXEClient:Arch:00007:UNDI:003010", "-x", "0x5d:0007", "-x", "0x4d:69505845")


def say(text: str) -> None:
    """One line on the serial console."""
    print(text, flush=True)


def boot_device(home: Path) -> str:
    """The boot device that the BMC was told: `none`, `pxe`, `disk`, `cdrom` or `bios`."""
    file = home / "boot-device"
    told = (file.read_text().strip() if file.exists() else "") or "none"
    # ipmi_sim's word for IPMI's "default hard drive".
    return "disk" if told == "default" else told


def medium(device: str, silent: int) -> str:
    """Where this attempt looks: `network`, `disk`, or empty for nowhere. Pure.

    Args:
        device: the boot device that the BMC was told.
        silent: attempts in a row, until now, in which the network gave nothing.
    """
    if device == "none":
        return "disk" if silent >= _SILENT_ATTEMPTS else "network"
    return {"pxe": "network", "disk": "disk"}.get(device, "")


def ask_dhcp(machine: str, home: Path) -> str:
    """Get an address for the boot card and return the URL of the boot file.

    Raises:
        Unreachable: the link is down, or nobody offered an address.
    """
    run(["ip", "link", "set", _CARD, "up"])
    say(f"{_CARD}: {_wait_for_link(machine)}: link is up, DHCP discover")
    lease = home / "lease"
    lease.unlink(missing_ok=True)
    client = ["busybox", "udhcpc", "-i", _CARD, "-f", "-n", "-q", "-t", "4", "-T", "1", "-A", "1"]
    options = ["-O", "bootfile", "-O", "mtu", "-s", str(_LEASE_SCRIPT), *_DHCP_IDENTITY]
    done = subprocess.run(
        [*client, *options], env={**os.environ, "LEASE": str(lease)}, capture_output=True, check=False
    )
    if done.returncode != 0 or not lease.exists():
        raise Unreachable(
            machine, "boot", f"{_CARD}: no DHCP offer", "Check the switch port's VLAN and the boot node"
        )
    given = dict(line.partition("=")[::2] for line in lease.read_text().splitlines())
    say(f"{_CARD}: address {given['ip']}/{given['mask']} from {given['serverid']}")
    if not given["bootfile"].startswith("http"):
        raise DeviceRefused(
            machine, "boot", "DHCP named no boot file by HTTP", "Check the boot node's settings"
        )
    return given["bootfile"]


def _wait_for_link(machine: str) -> str:
    """Wait for the boot card's link; returns the card's MAC address."""
    deadline = Deadline.after(_LINK_S)
    while not deadline.over():
        link = json.loads(run(["ip", "-j", "link", "show", _CARD]))[0]
        if "LOWER_UP" in link["flags"]:
            return str(link["address"])
        deadline.pause(0.1)
    raise Unreachable(machine, "boot", f"{_CARD}: link is down", "Check the cable and the switch port")


def fetch(machine: str, url: str) -> Iterator[bytes]:
    """The bytes behind a URL, in pieces.

    Raises:
        DeviceRefused: the server said no. Unreachable: it did not answer.
    """
    try:
        if not url.startswith("http://"):
            raise DeviceRefused(
                machine, f"get {url}", "this firmware speaks HTTP only", "Check the boot script"
            )
        # The scheme was just checked; proxies of the machine that runs the rack are not the node's.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=_HTTP_TIMEOUT_S) as answer:
            while chunk := answer.read(_CHUNK):
                yield chunk
    except urllib.error.HTTPError as error:
        raise DeviceRefused(
            machine, f"get {url}", f"HTTP {error.code} {error.reason}", "Check the boot node"
        ) from error
    except OSError as error:
        raise Unreachable(
            machine, f"get {url}", str(error), "Check the boot node and the way to it"
        ) from error


def boot_from_network(lab: Lab, machine: str) -> BootPlan:
    """One attempt to boot over the network."""
    script_url = ask_dhcp(machine, lab.home(machine))
    say(f"GET {script_url}")
    arguments = parse_boot_script(machine, b"".join(fetch(machine, script_url)).decode())
    url, sha256 = image_of(machine, arguments)
    say(f"GET {url}")
    size = _load(lab, machine, fetch(machine, url), sha256)
    say(f"root image: {size / 1e6:.0f} MB, sha256 {sha256} verified")
    return BootPlan(arguments, sha256)


def boot_from_disk(lab: Lab, machine: str) -> BootPlan:
    """One attempt to boot what the node keeps on its local mirror."""
    mirror = find_mirror(disk.device for disk in attached_disks(lab, machine))
    if mirror is None:
        raise DeviceRefused(
            machine, "boot", "local disk: no bootable medium", "Set the boot device to network"
        )
    mount_point = lab.home(machine) / "local-disk"
    mount_point.mkdir(exist_ok=True)
    entry = b"".join(read_file(machine, mirror, "boot/current.json", mount_point))
    release, plan = parse_boot_entry(machine, entry.decode(errors="replace"))
    say(f"local disk: {mirror.label} on {len(mirror.devices)} disks, release {release}")
    image = read_file(machine, mirror, f"boot/{release}/root.squashfs", mount_point)
    size = _load(lab, machine, image, plan.sha256)
    say(f"root image: {size / 1e6:.0f} MB, sha256 {plan.sha256} verified")
    return plan


def boot_from_stick(lab: Lab, machine: str) -> BootPlan:
    """One attempt to boot from the USB stick: the newest release on it."""
    settings = lab.cloudkey / "bootnode.json"
    manifests = sorted(lab.cloudkey.glob("releases/*/manifest.json"))
    if not settings.exists() or not manifests:
        raise DeviceRefused(
            machine, "boot", "no bootable USB stick", "Put one in: `piston lab cloudkey DIRECTORY`"
        )
    release = manifests[-1].parent
    sha256 = str(json.loads(manifests[-1].read_text())["files"]["root.squashfs"]["sha256"])
    say(f"USB stick: release {release.name}")
    with (release / "root.squashfs").open("rb") as image:
        _load(lab, machine, iter(lambda: image.read(_CHUNK), b""), sha256)
    site = json.loads(settings.read_text())["site"]
    arguments = (
        f"piston.role=boot-node piston.site={site} piston.release={release.name} piston.sha256={sha256}"
    )
    return BootPlan(arguments, sha256)


def _load(lab: Lab, machine: str, chunks: Iterator[bytes], sha256: str) -> int:
    sizes = [0]
    keep_verified(lab, machine, chunks, sha256, sizes.append)
    return sizes[-1]


def attempt(lab: Lab, machine: str, device: str, silent: int) -> BootPlan:
    """One attempt to find something to boot."""
    if machine == BOOT:
        return boot_from_stick(lab, machine)
    where = medium(device, silent)
    if not where:
        raise DeviceRefused(
            machine, "boot", f"boot device {device}: no bootable medium", "Set the boot device to network"
        )
    return boot_from_network(lab, machine) if where == "network" else boot_from_disk(lab, machine)


def main(machine: str) -> None:
    """Try until something can be started, then leave the plan and end."""
    lab = from_environment()
    plan_file = lab.home(machine) / "boot-plan.json"
    plan_file.unlink(missing_ok=True)
    say(f"\nPiston virtual machine {machine}, system UUID {hardware_uuid(machine)}")
    silent = 0
    for number in itertools.count(1):
        device = "usb" if machine == BOOT else boot_device(lab.home(machine))
        say(f"boot device {device}, attempt {number}")
        try:
            plan = attempt(lab, machine, device, silent)
        except PistonError as error:
            say(f"BOOT FAILED: {error.action}: {error.cause}")
            silent = silent + 1 if isinstance(error, Unreachable) else 0
            time.sleep(_RETRY_IMAGE_S if isinstance(error, DigestMismatch) else _RETRY_S)
            continue
        plan_file.write_text(plan.to_json())
        # IPMI's boot flags are for the next boot only, unless a bit says else that the BMC does not keep.
        (lab.home(machine) / "boot-device").unlink(missing_ok=True)
        say(f"starting the system: {plan.arguments}")
        return


if __name__ == "__main__":
    main(sys.argv[1])

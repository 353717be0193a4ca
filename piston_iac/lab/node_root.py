"""PID 1 of a virtual machine until systemd takes over: builds the root from the verified image.

Runs in fresh mount, PID, UTS, IPC and control group namespaces, inside the machine's network namespace:
`python -m piston_iac.lab.node_root <machine>`. Everything mounted here is private and goes when the
machine loses power. The system sees its own disks, its own DMI data, its own kernel command line; it
cannot write settings of the kernel that it shares with the rest of this machine.
"""

from __future__ import annotations

import os
import socket
import sys
import uuid
from pathlib import Path

from piston_iac.lab.boot_plan import BootPlan, plan_from_json
from piston_iac.lab.disks import Attached, attached_disks
from piston_iac.lab.loops import find
from piston_iac.lab.mounts import (
    CHARACTER_DEVICES,
    bind,
    make_device_nodes,
    make_read_only,
    mount,
    pivot_into,
)
from piston_iac.lab.rack import BOOT, hardware_uuid
from piston_iac.lab.settings import Lab, from_environment

_SYSTEMD = "/usr/lib/systemd/systemd"
_BY_ID = "piston-"
_MEMORY_ROOT = "size=1g,mode=755"


def build_root(lab: Lab, machine: str, plan: BootPlan) -> Path:
    """Image below, memory above: the root of the new system, with its kernel file systems."""
    work = lab.home(machine) / "root"
    work.mkdir(exist_ok=True)
    mount("tmpfs", work, "tmpfs", options=_MEMORY_ROOT)
    image, upper, scratch, root = (work / name for name in ("image", "upper", "work", "root"))
    for directory in (image, upper, scratch, root):
        directory.mkdir()
    device = find(lab.images / f"{plan.sha256}.squashfs")
    mount(device, image, "squashfs", read_only=True)
    mount("overlay", root, "overlay", options=f"lowerdir={image},upperdir={upper},workdir={scratch}")
    for name in ("proc", "sys", "dev", "run", "tmp"):
        (root / name).mkdir(exist_ok=True)
    mount("proc", root / "proc", "proc")
    mount("sysfs", root / "sys", "sysfs")
    mount("cgroup", root / "sys/fs/cgroup", "cgroup2")
    mount("tmpfs", root / "run", "tmpfs", options="mode=755")
    mount("tmpfs", root / "tmp", "tmpfs", options="mode=1777")
    return root


def show_hardware(lab: Lab, machine: str, root: Path, work: Path) -> None:
    """Give the system its own disks and DMI data in /sys, serials and names as udev would give."""
    disks = attached_disks(lab, machine)
    classes = work / "class"
    dmi = classes / "dmi" / "id"
    dmi.mkdir(parents=True)
    values = {
        "product_uuid": str(hardware_uuid(machine)),
        "product_serial": f"PISTON-{machine.upper()}",
        "product_name": "Virtual Server",
        "sys_vendor": "Piston Lab",
        "chassis_type": "17",
    }
    for name, value in values.items():
        (dmi / name).write_text(f"{value}\n")
    # An overlay, because nobody can add a directory to sysfs, and this kernel may have no DMI at all.
    (work / "class-work").mkdir()
    lower, upper, scratch = root / "sys/class", classes, work / "class-work"
    mount("overlay", lower, "overlay", options=f"lowerdir={lower},upperdir={upper},workdir={scratch}")
    for place in ("block", "class/block", "dev/block"):
        mount("tmpfs", root / "sys" / place, "tmpfs", options="mode=755,size=1m")
    for disk in disks:
        link_disk(root, disk)


def _sys_links(name: str, numbers: str) -> dict[str, str]:
    place = f"devices/virtual/block/{name}"
    return {
        f"sys/block/{name}": f"../{place}",
        f"sys/class/block/{name}": f"../../{place}",
        f"sys/dev/block/{numbers}": f"../../{place}",
    }


def link_disk(root: Path, disk: Attached) -> None:
    """Make one disk appear: in /sys, in /dev, and in udev's database with its serial."""
    name, numbers = disk.kernel_name, f"{disk.major}:{disk.minor}"
    for link, target in _sys_links(name, numbers).items():
        (root / link).symlink_to(target)
    make_device_nodes(root / "dev", {name: ("b", disk.major, disk.minor, 0o660)})
    by_id, database = root / "dev/disk/by-id", root / "run/udev/data"
    for directory in (by_id, database):
        directory.mkdir(parents=True, exist_ok=True)
    (by_id / f"{_BY_ID}{disk.serial}").symlink_to(f"../../{name}")
    text = f"I:1\nE:ID_SERIAL={disk.serial}\nE:ID_SERIAL_SHORT={disk.serial}\nE:ID_MODEL=Piston-Lab-Disk\n"
    (database / f"b{numbers}").write_text(text)


def unlink_disk(root: Path, serial: str) -> None:
    """Make the disk with that serial vanish, as udev does when it is pulled. Nothing when it is not there."""
    link = root / "dev/disk/by-id" / f"{_BY_ID}{serial}"
    if not link.is_symlink():
        return
    node = root / "dev" / link.readlink().name
    number = node.stat().st_rdev
    numbers = f"{os.major(number)}:{os.minor(number)}"
    links = [root / it for it in _sys_links(node.name, numbers)]
    for path in (*links, root / "run/udev/data" / f"b{numbers}", node, link):
        path.unlink(missing_ok=True)


def share_kernel(root: Path, machine: str, plan: BootPlan, work: Path) -> None:
    """Let the system see its own command line and boot id, and protect the kernel that it shares."""
    settings = root / "proc/sys"
    # Settings of its own network namespace stay writable; the others would change the whole machine.
    bind(settings, settings)
    bind(settings / "net", settings / "net")
    make_read_only(settings)
    for name in ("sysrq-trigger", "kcore"):
        if (root / "proc" / name).exists():
            bind(Path("/dev/null"), root / "proc" / name)
    files = {"cmdline": f"{plan.arguments}\n", "sys/kernel/random/boot_id": f"{uuid.uuid4()}\n"}
    for number, (name, text) in enumerate(files.items()):
        file = work / f"proc-{number}"
        file.write_text(text)
        file.chmod(0o444)
        bind(file, root / "proc" / name)
    socket.sethostname(machine if machine == BOOT else "localhost")


def bring_stick(lab: Lab, root: Path) -> None:
    """The boot node's own two mounts: the USB stick, and the disk that keeps its data."""
    data = lab.home(BOOT) / "data"
    data.mkdir(exist_ok=True)
    for target in (root / "cloudkey", root / "var/lib/piston-bootd"):
        target.mkdir(parents=True, exist_ok=True)
    bind(data, root / "var/lib/piston-bootd")
    bind(lab.cloudkey, root / "cloudkey", read_only=True)


def make_dev(lab: Lab, machine: str, root: Path) -> None:
    """/dev of the new system: what is listed, and the serial line as its console."""
    dev = root / "dev"
    mount("tmpfs", dev, "tmpfs", options="mode=755,size=4m")
    for name in ("pts", "shm", "mqueue", "net"):
        (dev / name).mkdir()
    make_device_nodes(dev, CHARACTER_DEVICES)
    mount("devpts", dev / "pts", "devpts", options="newinstance,ptmxmode=0666,mode=620,gid=5")
    mount("tmpfs", dev / "shm", "tmpfs", options="mode=1777")
    mount("mqueue", dev / "mqueue", "mqueue")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
    for name, target in links.items():
        (dev / name).symlink_to(target)
    (dev / "console").touch()
    bind((lab.home(machine) / "console").resolve(), dev / "console")


def start(lab: Lab, machine: str) -> None:
    """Build the root, go there, become systemd."""
    plan = plan_from_json((lab.home(machine) / "boot-plan.json").read_text())
    root = build_root(lab, machine, plan)
    make_dev(lab, machine, root)
    show_hardware(lab, machine, root, root.parent)
    share_kernel(root, machine, plan, root.parent)
    if machine == BOOT:
        bring_stick(lab, root)
    pivot_into(root)
    environment = {
        # Says that the kernel is shared: systemd then leaves its devices, modules and clock alone.
        "container": "piston-lab",
        "SYSTEMD_PROC_CMDLINE": plan.arguments,
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "dumb",
    }
    command = [_SYSTEMD, "--show-status=1", "--log-target=journal"]
    os.execve(_SYSTEMD, command, environment)  # noqa: S606 - becoming PID 1 is the point


if __name__ == "__main__":
    start(from_environment(), sys.argv[1])

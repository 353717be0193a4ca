"""First process of the test machines: mounts their roots over the built base, says `ready`, then reaps.

python inside.py SCRATCH BASE CODE NODE=ADDRESS[=SERIAL:LOOP,...] ...

It runs in mount, network and pid namespaces of its own: whatever it mounts or starts ends with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

CHARACTERS = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
CEPH = 64045


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def lay_out(scratch: Path, base: Path, code: Path, node: str) -> Path:
    """The root of a machine: the base with a layer in memory, its local mirror in memory too."""
    upper, work, root = (scratch / node / name for name in ("upper", "work", "root"))
    for path in (upper, work, root):
        path.mkdir(parents=True)
    mount("-t", "overlay", "overlay", "-o", f"lowerdir={base},upperdir={upper},workdir={work}", root)
    for name in ("persist", "usr/lib/piston/piston_iac", "var/log"):
        (root / name).mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "persist", root / "persist")
    mount("-t", "tmpfs", "run", root / "run")
    mount("-t", "proc", "proc", root / "proc")
    mount("-t", "sysfs", "sysfs", root / "sys")
    mount("-t", "tmpfs", "-o", "mode=755", "dev", root / "dev")
    mount("--bind", code, root / "usr/lib/piston/piston_iac")
    for name, numbers in CHARACTERS.items():
        make_node(root / "dev" / name, 0o020666, *numbers)
    (root / "dev/fd").symlink_to("/proc/self/fd")
    (root / "dev/shm").mkdir()
    for path in ("run/ceph", "run/units", "run/udev/data"):
        (root / path).mkdir(parents=True)
    os.chown(root / "run/ceph", CEPH, CEPH)
    for place in ("block", "class/block", "dev/block"):
        mount("-t", "tmpfs", "none", root / "sys" / place)
    arguments = root / "run/cmdline"
    words = (
        f"piston.site=t piston.node={node} piston.mac=02:00:00:00:00:01 piston.bootd=127.0.0.1 piston.ca=0"
    )
    arguments.write_text(f"{words}\n")
    mount("--bind", arguments, root / "proc/cmdline")
    return root


def make_node(path: Path, mode: int, major: int, minor: int) -> None:
    os.mknod(path, mode, os.makedev(major, minor))
    path.chmod(mode & 0o777)


def plug_in(root: Path, serial: str, loop: str) -> None:
    """A disk appears: in /dev, in /sys and, with its serial, in udev's database."""
    number = Path(f"/dev/{loop}").stat().st_rdev
    major, minor = os.major(number), os.minor(number)
    make_node(root / "dev" / loop, 0o060660, major, minor)
    place = f"devices/virtual/block/{loop}"
    (root / "sys/block" / loop).symlink_to(f"../{place}")
    (root / "sys/class/block" / loop).symlink_to(f"../../{place}")
    (root / "sys/dev/block" / f"{major}:{minor}").symlink_to(f"../../{place}")
    text = f"I:1\nE:ID_SERIAL={serial}\nE:ID_SERIAL_SHORT={serial}\n"
    (root / "run/udev/data" / f"b{major}:{minor}").write_text(text)


def main(arguments: list[str]) -> None:
    scratch, base, code = map(Path, arguments[:3])
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "scratch", scratch)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for machine in arguments[3:]:
        node, address, disks = machine.split("=")
        subprocess.run(["ip", "address", "add", f"{address}/24", "dev", "lo"], check=True)
        root = lay_out(scratch, base, code, node)
        for disk in filter(None, disks.split(",")):
            plug_in(root, *disk.split(":"))
    print("ready", flush=True)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1:])

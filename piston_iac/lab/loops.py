"""Loop devices: a file as a disk. Found by their file, so that no list of them can go stale."""

from __future__ import annotations

import json
from pathlib import Path

from piston_iac.lab.run import run


def loop_devices() -> dict[str, str]:
    """Every loop device in use on this machine: device path to backing file."""
    listed = run(["losetup", "--list", "--json", "--output", "NAME,BACK-FILE"])
    if not listed.strip():
        return {}
    return {it["name"]: str(it["back-file"]) for it in json.loads(listed)["loopdevices"]}


def find(file: Path) -> str:
    """The loop device of a file, empty for none. Asked by inode: in a chroot the kernel's path is another."""
    listed = run(["losetup", "--noheadings", "--output", "NAME", "--associated", str(file)])
    return next(iter(listed.split()), "")


def attach(file: Path, *, read_only: bool = False) -> str:
    """The loop device of a file, made when there is none. Disks bypass the page cache."""
    mode = ["--read-only"] if read_only else ["--direct-io=on"]
    return find(file) or run(["losetup", "--find", "--show", *mode, str(file)]).strip()


def detach(device: str) -> None:
    """Free a loop device; one that is still mounted is freed when that ends."""
    run(["losetup", "--detach", device])


def detach_below(directory: Path) -> None:
    """Free every loop device whose file is, or was, below a directory."""
    for device, backing in loop_devices().items():
        if backing.startswith(f"{directory}/"):
            detach(device)

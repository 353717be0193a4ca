"""Mounting and device nodes, by system call: a node's root needs some thirty of them in a row.

Source: mount(2), pivot_root(2).
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Mapping
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND = 32, 4096
_MNT_DETACH = 2
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

DeviceNodes = Mapping[str, tuple[str, int, int, int]]
# Name: kind, major, minor, mode. Source: Documentation/admin-guide/devices.txt
CHARACTER_DEVICES: DeviceNodes = {
    "null": ("c", 1, 3, 0o666),
    "zero": ("c", 1, 5, 0o666),
    "full": ("c", 1, 7, 0o666),
    "random": ("c", 1, 8, 0o666),
    "urandom": ("c", 1, 9, 0o666),
    "tty": ("c", 5, 0, 0o666),
    "fuse": ("c", 10, 229, 0o666),
    "net/tun": ("c", 10, 200, 0o666),
    "btrfs-control": ("c", 10, 234, 0o600),
    # A null device of that name: the real one is the kernel log of the machine that we share, and a link
    # would make units with ProtectKernelLogs= mask /dev/null itself.
    "kmsg": ("c", 1, 3, 0o600),
}


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    arguments = (source.encode(), os.fsencode(target), kind.encode(), flags, options.encode())
    _check(_LIBC.mount(*arguments), f"mount {source} on {target}")


def mount(source: str, target: Path, kind: str, *, options: str = "", read_only: bool = False) -> None:
    """Mount a file system.

    Raises:
        OSError: the kernel said no.
    """
    _mount(source, target, kind, _MS_RDONLY if read_only else 0, options)


def bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    """Show a file or directory at another place too."""
    _mount(str(source), target, "", _MS_BIND, "")
    if read_only:
        _mount("", target, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY, "")


def make_read_only(target: Path) -> None:
    """Make an existing bind mount read-only; mounts below it stay as they are."""
    _mount("", target, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY, "")


def detach_mount(target: str) -> None:
    """Unmount with everything below, now or as soon as nobody uses it."""
    _check(_LIBC.umount2(target.encode(), _MNT_DETACH), f"unmount {target}")


def make_device_nodes(dev: Path, nodes: DeviceNodes) -> None:
    """Make device nodes below a directory. Block devices belong to group disk, as udev would have it."""
    for name, (kind, major, minor, mode) in nodes.items():
        path = dev / name
        os.mknod(path, (stat.S_IFBLK if kind == "b" else stat.S_IFCHR) | mode, os.makedev(major, minor))
        path.chmod(mode)
        if kind == "b":
            os.chown(path, 0, 6)


def pivot_into(root: Path) -> None:
    """Make `root` the root directory and forget the old one."""
    old = root / ".old"
    old.mkdir()
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    _check(_LIBC.syscall(number, os.fsencode(root), os.fsencode(old)), f"pivot into {root}")
    os.chdir("/")
    detach_mount("/.old")
    Path("/.old").rmdir()

"""An OSD's directory, which is in memory and made anew at each start, and its disk.

The disk holds all that lasts: its label says which OSD of which cluster it is.
"""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

from piston_iac import ceph_layout
from piston_iac.node_agent import do_mirror
from piston_iac.node_agent.disks import SeenDisk
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.steps import EraseDisk
from piston_iac.node_programs.ceph_tool import USER, ceph_tool
from piston_iac.node_programs.osd_claim import Osd
from piston_iac.node_programs.program import Fault

_ROOT = Path("/var/lib/ceph/osd")
_ENVIRONMENT = Path("/run/piston-osd")
# The label and the superblock of BlueFS are in the first 8 KiB; a disk counts as blank by its first 64 KiB.
_HEAD_BYTES = 1 << 20


def make_directory(disk: SeenDisk, osd: Osd) -> Path:
    """The OSD's directory, with its key and the way to its disk, which becomes Ceph's.

    Raises:
        Fault: the document gave no key for this disk.
    """
    directory = _ROOT / f"{ceph_layout.CLUSTER}-{osd.number}"
    user = pwd.getpwnam(USER)
    key_file = Path(ceph_layout.osd_key_file(disk.serial))
    if not key_file.is_file():
        raise Fault(f"this node has no key for the OSD on disk {disk.serial}")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o750, parents=True)
    os.chown(directory, user.pw_uid, user.pw_gid)
    key = f"[osd.{osd.number}]\n\tkey = {key_file.read_text().strip()}\n"
    _write(directory / "keyring", key, user)
    (directory / "block").symlink_to(disk.device)
    # The kernel's device nodes are root's again after each boot.
    os.chown(disk.device, user.pw_uid, user.pw_gid)
    return directory


def describe(directory: Path, osd: Osd) -> None:
    """Write into the directory what the label says. Source: prime-osd-dir of ceph-bluestore-tool."""
    user = pwd.getpwnam(USER)
    texts = {
        "type": "bluestore",
        "fsid": osd.uuid,
        "whoami": osd.number,
        "ceph_fsid": osd.fsid,
        "ready": "ready",
    }
    for name, text in texts.items():
        _write(directory / name, f"{text}\n", user)


def write_environment(serial: str, osd: Osd) -> None:
    """Tell the unit of this disk which OSD to run."""
    write_atomically(_ENVIRONMENT / f"{serial}.env", f"OSD_ID={osd.number}\n".encode(), 0o644)


def make_osd(osd: Osd) -> None:
    """Make the OSD on its disk; its directory is there. Asks the mons, which know its key.

    Raises:
        ToolFailed: ceph-osd refused.
    """
    words = ("--mkfs", "--id", osd.number, "--osd-uuid", osd.uuid, "--osd-objectstore", "bluestore")
    ceph_tool("ceph-osd", *words)


def erase(disk: SeenDisk) -> None:
    """Leave nothing on a disk that anyone would recognise.

    Raises:
        ToolFailed: it is in use after all.
    """
    do_mirror.do(EraseDisk(disk.device, disk.serial, disk.marker))
    # Exclusive: the kernel refuses where a file system or another OSD has claimed the disk.
    descriptor = os.open(disk.device, os.O_WRONLY | os.O_EXCL)
    try:
        os.pwrite(descriptor, bytes(_HEAD_BYTES), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, text: str, user: pwd.struct_passwd) -> None:
    write_atomically(path, text.encode(), 0o600, (user.pw_uid, user.pw_gid))

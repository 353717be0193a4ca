"""Makes a disk appear in, or vanish from, a system that already runs.

    python -m piston_iac.lab.hotplug PID add SLOT SERIAL DEVICE MAJOR MINOR
    python -m piston_iac.lab.hotplug PID remove SERIAL

PID is the system's PID 1 as seen from here. Everything is imported before the step into the system's
mount namespace: behind it there is another file tree.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from piston_iac.lab.disks import Attached
from piston_iac.lab.node_root import link_disk, unlink_disk

_CLONE_NEWNS = 0x00020000


def enter_mounts(process: int) -> None:
    """Join the mount namespace of a process.

    Raises:
        OSError: it is gone.
    """
    descriptor = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNS) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"enter the mounts of process {process}")
    os.close(descriptor)


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    process, event, *rest = arguments
    enter_mounts(int(process))
    if event == "remove":
        unlink_disk(Path("/"), rest[0])
        return
    slot, serial, device, major, minor = rest
    link_disk(Path("/"), Attached(int(slot), serial, device, int(major), int(minor)))


if __name__ == "__main__":
    main(sys.argv[1:])

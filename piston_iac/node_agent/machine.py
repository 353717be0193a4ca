"""Which machine this is: its hardware's UUID and the id of this boot."""

from __future__ import annotations

import uuid
from pathlib import Path

_DMI = Path("/sys/class/dmi/id/product_uuid")
_MACHINE_ID = Path("/etc/machine-id")


def hardware_uuid(dmi: Path = _DMI, machine_id: Path = _MACHINE_ID) -> str:
    """The firmware's UUID of this machine, lower case; empty when nothing tells it.

    systemd makes the machine id from that UUID (`systemd.machine_id=firmware`, or `container_uuid` where
    the node is a namespace), so it stands in where the kernel shows no DMI.
    """
    for path in (dmi, machine_id):
        try:
            return str(uuid.UUID(path.read_text().strip()))
        except (OSError, ValueError):
            continue
    return ""


def boot_id(path: Path) -> str:
    """The id of this boot, kept in `path` below /run: made once, gone at power-off.

    The kernel's own is not used: nodes that are namespaces share a kernel, and would share its id.
    """
    if not path.exists():
        path.write_text(str(uuid.uuid4()))
    return path.read_text()

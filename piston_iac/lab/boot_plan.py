"""What a machine is to start: read from a boot script, or from an entry on its own disks. Pure parsing.

The boot script is the part of iPXE's language that the boot node writes: comments, `kernel URL
ARGUMENTS`, `initrd URL`, `boot`. The virtual machine has no kernel of its own to load: of the kernel line
it uses the arguments. Source: ipxe.org/scripting.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from piston_iac.errors import DeviceRefused

_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class BootPlan:
    """What the firmware hands over: the kernel command line and the verified image's digest."""

    arguments: str
    sha256: str

    def to_json(self) -> str:
        """For the program that starts the system."""
        return json.dumps(asdict(self))


def plan_from_json(text: str) -> BootPlan:
    """Read it back."""
    return BootPlan(**json.loads(text))


def _refuse(machine: str, cause: str) -> DeviceRefused:
    return DeviceRefused(machine, "boot", cause, "Look at what the boot node serves")


def parse_boot_script(machine: str, text: str) -> str:
    """The kernel arguments of a boot script.

    Raises:
        DeviceRefused: it is not a boot script, or holds a command that this firmware does not know.
    """
    lines = [line.strip() for line in text.splitlines()]
    if not lines or lines[0] != "#!ipxe":
        raise _refuse(machine, "the boot file does not begin with #!ipxe")
    arguments: str | None = None
    for line in lines[1:]:
        command, _, rest = line.partition(" ")
        if command == "kernel":
            arguments = rest.strip().partition(" ")[2].strip()
        elif command == "boot":
            break
        elif command and not command.startswith("#") and command not in ("initrd", "echo"):
            raise _refuse(machine, f"the boot script has a command unknown to this firmware: {command[:40]}")
    if arguments is None:
        raise _refuse(machine, "the boot script has no kernel line")
    return arguments


def argument(arguments: str, key: str) -> str:
    """The value of `key=` in a kernel command line, empty when it is not there."""
    return next((it.partition("=")[2] for it in arguments.split() if it.partition("=")[0] == key), "")


def image_of(machine: str, arguments: str) -> tuple[str, str]:
    """URL and SHA-256 of the root image that the arguments name.

    Raises:
        DeviceRefused: one of them is missing.
    """
    url, digest = argument(arguments, "piston.image"), argument(arguments, "piston.sha256")
    if not url or not digest:
        raise _refuse(machine, "the kernel arguments name no piston.image or no piston.sha256")
    return url, digest


def parse_boot_entry(machine: str, text: str) -> tuple[str, BootPlan]:
    """The release that a local disk's entry names, and what to start of it.

    Raises:
        DeviceRefused: it is no such entry, or its kernel arguments name another image.
    """
    try:
        entry = json.loads(text)
        release, sha256, arguments = (entry[key] for key in ("release", "sha256", "arguments"))
        whole = all(isinstance(it, str) for it in (release, sha256, arguments))
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole or not _RELEASE.fullmatch(release):
        raise _refuse(machine, "the boot entry on the local disk cannot be read")
    if image_of(machine, arguments)[1].lower() != sha256:
        raise _refuse(machine, "the boot entry on the local disk names two images")
    return release, BootPlan(arguments, sha256)

"""What the boot script told this node: the `piston.*` words of the kernel command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

COMMAND_LINE = Path("/proc/cmdline")
_PREFIX = "piston."


@dataclass(frozen=True)
class BootArguments:
    """Who this node is and whom it trusts.

    `mac` is the boot card's; `bootd` the boot node's address; `ca_digest` the SHA-256 of the site CA
    certificate's DER; `image_digest` the SHA-256 of the root image, which was verified before it was booted;
    `address` the boot card's on the management network, CIDR, empty when the boot script named none.
    """

    site: str
    node: str
    mac: str
    bootd: str
    ca_digest: str
    release: str
    image_digest: str
    address: str = ""

    @property
    def mirror_label(self) -> str:
        """The label of this node's local mirror."""
        return f"piston:{self.site}:{self.node}"

    @property
    def seal_context(self) -> bytes:
        """What sealed documents are bound to."""
        return f"{self.site}/{self.node}".encode()


def parse(command_line: str) -> BootArguments:
    """Read the kernel command line.

    Raises:
        ValueError: a word that the agent needs is missing.
    """
    words = (word.partition("=") for word in command_line.split() if word.startswith(_PREFIX))
    said = {name.removeprefix(_PREFIX): value for name, _, value in words}
    missing = [name for name in ("site", "node", "mac", "bootd", "ca") if not said.get(name)]
    if missing:
        raise ValueError(f"the kernel command line lacks {', '.join(_PREFIX + name for name in missing)}")
    return BootArguments(
        site=said["site"],
        node=said["node"],
        mac=said["mac"].lower(),
        bootd=said["bootd"],
        ca_digest=said["ca"].lower(),
        release=said.get("release", ""),
        image_digest=said.get("sha256", "").lower(),
        address=said.get("address", ""),
    )

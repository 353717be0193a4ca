"""Where one virtual rack lives on this machine, and what its things are called.

Two racks can run next to each other when both settings differ. Everything that is global to the
machine (namespaces, control groups) carries the prefix; all else is below the directory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

NETNS_DIR = Path("/run/netns")


@dataclass(frozen=True)
class Lab:
    """Directory and name prefix of one rack.

    Args:
        directory: state, logs, disks and sockets. Removed by `piston lab down`.
        prefix: begins the name of every namespace and control group of this rack.
    """

    directory: Path
    prefix: str

    def netns(self, place: str) -> str:
        """Name of the network namespace of a place: `core`, `data`, `n1`, `bmc1`."""
        return f"{self.prefix}-{place}"

    def netns_path(self, place: str) -> Path:
        """The file that stands for that namespace."""
        return NETNS_DIR / self.netns(place)

    def home(self, place: str) -> Path:
        """Directory of one device: its state, its logs."""
        return self.directory / place

    @property
    def images(self) -> Path:
        """Root images that some node downloaded and verified, named by their SHA-256."""
        return self.directory / "images"

    @property
    def cloudkey(self) -> Path:
        """The USB stick in the boot node."""
        return self.directory / "cloudkey"

    @property
    def record(self) -> Path:
        """What `up` built: node count and prefix, as JSON. There is a rack when this file exists."""
        return self.directory / "rack.json"

    @property
    def socket_room(self) -> Path:
        """The room for packets that the machine had before the rack raised it, bytes; else not there."""
        return self.directory / "socket-room"

    @property
    def shell_settings(self) -> Path:
        """The same settings for the shell scripts, as assignments."""
        return self.directory / "rack.sh"


def from_environment() -> Lab:
    """The rack that `PISTON_LAB_DIR` and `PISTON_LAB_PREFIX` name."""
    directory = Path(os.environ.get("PISTON_LAB_DIR", "/var/lib/piston-lab"))
    return Lab(directory.absolute(), os.environ.get("PISTON_LAB_PREFIX", "piston"))

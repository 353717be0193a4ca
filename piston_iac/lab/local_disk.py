"""What the firmware reads from a machine's own disks: the local mirror, as a boot loader would.

The mirror is found by the label in its superblocks, and mounted read-only in a mount namespace that ends
with the reading. Nothing on the disks is changed: no journal is replayed, a missing disk is not missed.
Source: btrfs on-disk format (struct btrfs_super_block), btrfs(5).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from piston_iac.errors import DeviceRefused

_LABEL = "piston:"
_SUPER_AT, _SUPER_BYTES = 65536, 4096
_MAGIC_AT, _MAGIC = 0x40, b"_BHRfS_M"
_FSID_AT, _GENERATION_AT, _LABEL_AT, _LABEL_BYTES = 0x20, 0x48, 0x12B, 256
_CHUNK = 1 << 20
_READ_S = 120
_OPTIONS = "ro,degraded,rescue=nologreplay"
# Mounted where nobody else looks; a path below it goes to standard output.
_READER = 'mount -t btrfs -o "$1" "$2" "$3" && cat "$3/$4"'


@dataclass(frozen=True)
class Superblock:
    """What one member says of its file system. `generation` grows with each commit."""

    filesystem: UUID
    label: str
    generation: int


@dataclass(frozen=True)
class Mirror:
    """A local mirror: its label and the devices that are there of it."""

    label: str
    devices: tuple[str, ...]


def parse_superblock(data: bytes) -> Superblock | None:
    """Read btrfs's first superblock; None when these bytes are none. Pure."""
    if len(data) < _SUPER_BYTES or data[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] != _MAGIC:
        return None
    label = data[_LABEL_AT : _LABEL_AT + _LABEL_BYTES].split(b"\0", 1)[0].decode(errors="replace")
    generation = int.from_bytes(data[_GENERATION_AT : _GENERATION_AT + 8], "little")
    return Superblock(UUID(bytes=data[_FSID_AT : _FSID_AT + 16]), label, generation)


def choose_mirror(found: Iterable[tuple[str, Superblock]]) -> Mirror | None:
    """Of all mirrors with our label the one with most disks, of these the one written to last. Pure."""
    members: dict[UUID, list[tuple[str, Superblock]]] = {}
    for device, block in found:
        if block.label.startswith(_LABEL):
            members.setdefault(block.filesystem, []).append((device, block))
    if not members:
        return None
    best = max(members.values(), key=lambda it: (len(it), max(block.generation for _, block in it)))
    return Mirror(best[0][1].label, tuple(device for device, _ in best))


def find_mirror(devices: Iterable[str]) -> Mirror | None:
    """Look at a machine's disks; one that cannot be read holds nothing."""
    found = [(device, block) for device in devices if (block := _read_superblock(device))]
    return choose_mirror(found)


def _read_superblock(device: str) -> Superblock | None:
    try:
        with Path(device).open("rb") as disk:
            disk.seek(_SUPER_AT)
            return parse_superblock(disk.read(_SUPER_BYTES))
    except OSError:
        return None


def read_file(machine: str, mirror: Mirror, path: str, mount_point: Path) -> Iterator[bytes]:
    """The bytes of a file of the mirror, in pieces.

    Args:
        path: relative to the root of the file system.
        mount_point: an empty directory.
    Raises:
        DeviceRefused: the mirror cannot be mounted, or has no such file.
    """
    options = ",".join([_OPTIONS, *(f"device={device}" for device in mirror.devices)])
    apart = [
        "timeout",
        str(_READ_S),
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        _READER,
        "sh",
    ]
    command = [*apart, options, mirror.devices[0], str(mount_point), path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        if reader.stdout is None or reader.stderr is None:
            raise AssertionError("both are pipes")
        try:
            while chunk := reader.stdout.read(_CHUNK):
                yield chunk
        finally:
            reader.stdout.close()
            said = reader.stderr.read().decode(errors="replace").strip()
    if reader.returncode != 0:
        cause = said.splitlines()[-1] if said else f"status {reader.returncode}"
        raise DeviceRefused(machine, f"read {path} of {mirror.label}", cause, "Boot over the network")

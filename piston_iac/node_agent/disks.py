"""What is on this node's disks: serials, signatures, who uses them, and the local mirror's health.

Everything is read from lsblk, wipefs (which only looks here) and sysfs. Sizes in bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piston_iac.node_agent.tools import run
from piston_iac.node_report import Disk, MirrorState

_MIRROR_PREFIX = "piston:"
_BTRFS = Path("/sys/fs/btrfs")
_HEAD_BYTES = 65536


@dataclass(frozen=True)
class SeenDisk:
    """A whole disk. `marker` and `live` as in the report; `filesystem` is the mirror's UUID or empty."""

    device: str
    serial: str
    size_bytes: int
    marker: str
    live: bool
    filesystem: str = ""

    def to_report(self) -> Disk:
        """What the operator is told of it."""
        return Disk(self.serial, self.size_bytes, self.marker, self.live)


@dataclass(frozen=True)
class SeenFilesystem:
    """A mounted btrfs. `devices` are kernel names; `failing`: a device is gone or has lost writes."""

    devices: tuple[str, ...]
    profile: str
    failing: bool


def see_disks() -> tuple[SeenDisk, ...]:
    """All whole disks that have a serial number, by serial."""
    columns = "KNAME,PATH,SERIAL,SIZE,TYPE,MOUNTPOINTS"
    return examine(json.loads(run("lsblk", "--json", "--bytes", "-o", columns)).get("blockdevices", []))


def examine(blocks: list[dict[str, Any]]) -> tuple[SeenDisk, ...]:
    """Look at what lsblk listed: signatures, use, and whether the head of a disk is all zero."""
    disks = [it for it in blocks if it["serial"] and it["type"] in ("disk", "loop")]
    if not disks:
        return ()
    signatures = see_signatures(tuple(it["path"] for it in disks))
    swaps = Path("/proc/swaps").read_text()
    seen = [_disk(it, signatures.get(it["path"], []), swaps) for it in disks]
    return tuple(sorted(seen, key=lambda disk: disk.serial))


def see_signatures(devices: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """What wipefs would find on each device; nothing is changed."""
    text = run("wipefs", "--json", "--no-act", *devices, check=False).strip()
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in json.loads(text)["signatures"] if text else []:
        device = entry["device"] if entry["device"].startswith("/") else f"/dev/{entry['device']}"
        found.setdefault(device, []).append(entry)
    return found


def marker_of(signatures: list[dict[str, Any]], head_is_zero: bool) -> str:
    """What a disk carries, from its signatures and whether its first bytes are all zero. Pure."""
    types = sorted({str(it["type"]) for it in signatures})
    if not types:
        return "blank" if head_is_zero else "foreign:data without a known signature"
    label = str(signatures[0].get("label") or "")
    if types == ["btrfs"] and label.startswith(_MIRROR_PREFIX):
        return f"mirror:{label}"
    return f"foreign:{'+'.join(types)}" + (f" {label}" if label else "")


def see_filesystem(uuid: str) -> SeenFilesystem | None:
    """A mounted btrfs by its UUID; None when it is not mounted."""
    root = _BTRFS / uuid
    if not uuid or not root.is_dir():
        return None
    devices = tuple(sorted(path.name for path in (root / "devices").iterdir()))
    profiles = {path.name for path in (root / "allocation" / "data").iterdir() if path.is_dir()}
    failing = any(_failing(path) for path in (root / "devinfo").iterdir())
    return SeenFilesystem(devices, "+".join(sorted(profiles)), failing)


def mirror_state(label: str, disks: tuple[SeenDisk, ...]) -> MirrorState:
    """The mirror of that label as it is now."""
    own = tuple(disk for disk in disks if disk.marker == f"mirror:{label}")
    mounted = next((it for it in map(see_filesystem, {disk.filesystem for disk in own}) if it), None)
    return judge_mirror(label, own, mounted)


def judge_mirror(label: str, own: tuple[SeenDisk, ...], mounted: SeenFilesystem | None) -> MirrorState:
    """What to say of a mirror, from the disks with its label and its mounted file system. Pure."""
    if mounted is None:
        return MirrorState("absent", "", "", ())
    names = {Path(disk.device).name: disk for disk in own}
    disks = tuple(sorted(names[name].serial for name in mounted.devices if name in names))
    lost = mounted.failing or len(disks) < len(mounted.devices) or any(not it.size_bytes for it in own)
    return MirrorState("degraded" if lost else "healthy", label, mounted.profile, disks)


def _disk(block: dict[str, Any], signatures: list[dict[str, Any]], swaps: str) -> SeenDisk:
    path = str(block["path"])
    marker = marker_of(signatures, bool(signatures) or _head_is_zero(path))
    uuid = str(signatures[0].get("uuid") or "") if marker.startswith("mirror:") else ""
    filesystem = see_filesystem(uuid)
    live = _mounted(block) or f"{path} " in swaps or any(_holders(str(block["kname"])))
    live = live or (filesystem is not None and block["kname"] in filesystem.devices)
    return SeenDisk(path, str(block["serial"]), int(block["size"]), marker, live, uuid)


def _mounted(block: dict[str, Any]) -> bool:
    children = block.get("children", [])
    return any(block.get("mountpoints") or []) or any(map(_mounted, children))


def _holders(name: str) -> list[Path]:
    return list(Path("/sys/class/block").glob(f"{name}/holders/*"))


def _head_is_zero(path: str) -> bool:
    """False too when the disk cannot be read: what nobody can read is not blank."""
    try:
        with Path(path).open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return False
    return len(head) == _HEAD_BYTES and not any(head)


def _failing(device: Path) -> bool:
    try:
        if (device / "missing").read_text().strip() != "0":
            return True
        counts = dict(line.split() for line in (device / "error_stats").read_text().splitlines())
    except OSError:
        return True
    return any(int(counts.get(name, "0")) for name in ("write_errs", "flush_errs"))

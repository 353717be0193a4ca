"""What is on this node's disks: serials, signatures, who uses them, and the local mirror's health.

Everything is read from lsblk, sysfs and, where nobody uses a disk, from its start. Sizes in bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from piston_iac.node_agent.bluestore_label import BluestoreLabel
from piston_iac.node_agent.disk_locks import see_held
from piston_iac.node_agent.disk_probe import Look, Prober
from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_report import UNREADABLE, Disk, MirrorState

_MIRROR_PREFIX = "piston:"
BTRFS = Path("/sys/fs/btrfs")
# Disks may have to spin up before they answer.
_LOOK_S = 10.0
_PROBER = Prober()
# What wipefs calls the start of an OSD's label.
_OSD_TYPE = "ceph_bluestore"


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


def see_disks(look_s: float = _LOOK_S) -> tuple[SeenDisk, ...]:
    """All whole disks that have a serial number, by serial.

    Args:
        look_s: how long a disk may take to answer before it counts as unreadable, seconds.
    Raises:
        ToolFailed: lsblk gives no list.
    """
    columns = "KNAME,PATH,SERIAL,SIZE,TYPE,MOUNTPOINTS"
    # It ends with an error too when a disk goes away while it looks, and lists the others.
    listed = run("lsblk", "--json", "--bytes", "-o", columns, check=False)
    try:
        return examine(json.loads(listed).get("blockdevices", []), look_s)
    except ValueError as error:
        raise ToolFailed(f"lsblk gives no list of disks: {error}") from error


def examine(blocks: list[dict[str, Any]], look_s: float = _LOOK_S) -> tuple[SeenDisk, ...]:
    """Look at what lsblk listed: signatures, use, and whether the head of a disk is all zero.

    A member of a mounted mirror is not read: btrfs knows what it is, and whether it fails.
    """
    disks = [it for it in blocks if it["serial"] and it["type"] in ("disk", "loop")]
    members = _members_of_mirrors()
    # One that has failed may stay listed, without any capacity.
    unknown = [it["path"] for it in disks if int(it["size"]) and it["kname"] not in members]
    looks = _PROBER.look(unknown, look_s)
    in_use = _see_in_use()
    seen = [_disk(it, members.get(it["kname"]), looks.get(it["path"]), in_use) for it in disks]
    return tuple(sorted(seen, key=lambda disk: disk.serial))


def marker_of(
    signatures: Sequence[dict[str, Any]], head_is_zero: bool, osd: BluestoreLabel | None = None
) -> str:
    """What a disk carries, from its signatures, whether its first bytes are all zero, and its label. Pure."""
    types = sorted({str(it["type"]) for it in signatures})
    if osd is not None and not set(types) - {_OSD_TYPE}:
        return osd.marker
    if not types:
        return "blank" if head_is_zero else "foreign:data without a known signature"
    label = str(signatures[0].get("label") or "")
    if types == ["btrfs"] and label.startswith(_MIRROR_PREFIX):
        return f"mirror:{label}"
    return f"foreign:{'+'.join(types)}" + (f" {label}" if label else "")


def see_filesystem(uuid: str) -> SeenFilesystem | None:
    """A mounted btrfs by its UUID; None when it is not mounted."""
    root = BTRFS / uuid
    if not uuid or not root.is_dir():
        return None
    devices = tuple(sorted(path.name for path in (root / "devices").iterdir()))
    profiles = {path.name for path in (root / "allocation" / "data").iterdir() if path.is_dir()}
    failing = any(has_failed(path) for path in (root / "devinfo").iterdir())
    return SeenFilesystem(devices, "+".join(sorted(profiles)), failing)


def mirror_state(label: str, disks: tuple[SeenDisk, ...], wanted: Iterable[str] = ()) -> MirrorState:
    """The mirror of that label as it is now. `wanted`: serials that are to be in it."""
    own = tuple(disk for disk in disks if disk.marker == f"mirror:{label}")
    mounted = next((it for it in map(see_filesystem, {disk.filesystem for disk in own}) if it), None)
    state = judge_mirror(label, own, mounted)
    if state.state != "degraded":
        return state
    return replace(state, missing=tuple(sorted(set(wanted) - set(state.disks))))


def judge_mirror(label: str, own: tuple[SeenDisk, ...], mounted: SeenFilesystem | None) -> MirrorState:
    """What to say of a mirror, from the disks with its label and its mounted file system. Pure."""
    if mounted is None:
        return MirrorState("absent", "", "", ())
    names = {Path(disk.device).name: disk for disk in own}
    disks = tuple(sorted(names[name].serial for name in mounted.devices if name in names))
    lost = mounted.failing or len(disks) < len(mounted.devices)
    return MirrorState("degraded" if lost else "healthy", label, mounted.profile, disks)


def has_failed(member: Path) -> bool:
    """True when a member of a mounted mirror is gone or has lost writes.

    Args:
        member: its directory below `devinfo`.
    """
    try:
        if (member / "missing").read_text().strip() != "0":
            return True
        counts = dict(line.split() for line in (member / "error_stats").read_text().splitlines())
    except OSError:
        return True
    return any(int(counts.get(name, "0")) for name in ("write_errs", "flush_errs"))


def _disk(
    block: dict[str, Any],
    member: tuple[str, str] | None,
    look: Look | None,
    in_use: Callable[[dict[str, Any]], bool],
) -> SeenDisk:
    """One disk. `member`: marker and UUID of the mounted mirror that it is in."""
    path, size_bytes = str(block["path"]), int(block["size"])
    marker, uuid = UNREADABLE, ""
    if member is not None and size_bytes:
        marker, uuid = member
    elif look is not None:
        marker = marker_of(look.signatures, look.head_is_zero, look.label)
        uuid = str(look.signatures[0].get("uuid") or "") if marker.startswith("mirror:") else ""
    live = member is not None or in_use(block)
    return SeenDisk(path, str(block["serial"]), size_bytes, marker, live, uuid)


def _see_in_use() -> Callable[[dict[str, Any]], bool]:
    """Look once at who uses what; what comes back answers for one disk after the other."""
    swaps = Path("/proc/swaps").read_text()
    held = see_held()

    def in_use(block: dict[str, Any]) -> bool:
        path, name = str(block["path"]), str(block["kname"])
        return _mounted(block) or f"{path} " in swaps or any(_holders(name)) or held(path)

    return in_use


def _members_of_mirrors() -> dict[str, tuple[str, str]]:
    """Marker and UUID by kernel name, of every disk in a mounted local mirror, ours or another's."""
    found = {}
    for label in BTRFS.glob("*/label"):
        # One that is unmounted meanwhile has no members any more.
        with suppress(OSError):
            text = label.read_text().strip()
            devices = [path.name for path in (label.parent / "devices").iterdir()]
            if text.startswith(_MIRROR_PREFIX):
                found.update(dict.fromkeys(devices, (f"mirror:{text}", label.parent.name)))
    return found


def _mounted(block: dict[str, Any]) -> bool:
    children = block.get("children", [])
    return any(block.get("mountpoints") or []) or any(map(_mounted, children))


def _holders(name: str) -> list[Path]:
    return list(Path("/sys/class/block").glob(f"{name}/holders/*"))

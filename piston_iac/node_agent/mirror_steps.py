"""Which steps bring the local mirror to what the document says? Pure.

What may happen to a disk is decided in `disk_claims`, the same for the plan that the operator sees and for
the node. A mirror that is ours is adopted, whole or degraded, and repaired with the disks that may be
claimed; a new one is made only when every disk may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from piston_iac.disk_claims import Claim, DiskClaim, claim_disks
from piston_iac.node_agent.disks import SeenDisk
from piston_iac.node_agent.mirror_members import REPLACEMENT, Member
from piston_iac.node_agent.steps import (
    CapImageCache,
    ConvertMirror,
    EraseDisk,
    MakeMirror,
    MountMirror,
    Plan,
    ReplaceDisk,
    Step,
)
from piston_iac.node_document import NodeDocument
from piston_iac.node_report import UNREADABLE

BACKEND = "btrfs-raid10"
_PROFILE = "raid10"


def mirror_plan(document: NodeDocument, disks: tuple[SeenDisk, ...], mounted: bool) -> Plan:
    """Make the mirror or mount it, as it is; `repair_plan` is for what it lacks.

    Args:
        disks: every disk of this node.
        mounted: whether the mirror of this label is mounted where the document wants it.
    """
    mirror = document.mirror
    if not mirror.disks:
        return Plan()
    if mirror.backend != BACKEND:
        return Plan(faults=(f"this release makes no {mirror.backend}: set localRaid to {BACKEND}",))
    own = _largest(mirror.label, disks)
    if not own:
        return _new_mirror(document, disks, _claims(document, disks))
    return Plan(() if mounted else (MountMirror(tuple(disk.device for disk in own), mirror.mount),))


def repair_plan(
    document: NodeDocument, disks: tuple[SeenDisk, ...], members: tuple[Member, ...], profile: str = _PROFILE
) -> Plan:
    """Put disks in the place of those that the mirror lost, and say what is left for the operator.

    Args:
        disks: every disk of this node.
        members: of the mirror that is mounted; none when it is not.
        profile: how its data lies, `raid1+raid10` for a mixture.
    """
    mirror = document.mirror
    own = _largest(mirror.label, disks)
    if not own or mirror.backend != BACKEND or any(it.number == REPLACEMENT for it in members):
        # The kernel goes on by itself with a replacement that a power cut stopped.
        return Plan()
    serials = {Path(disk.device).name: disk.serial for disk in own}
    held = {serials[it.name] for it in members if it.name in serials}
    gone = [it.number for it in members if it.name not in serials]
    spare = _spare(document, disks, held)
    steps: list[Step] = []
    for number, disk in zip(gone, spare, strict=False):
        if disk.marker != "blank":
            steps.append(EraseDisk(disk.device, disk.serial, disk.marker))
        steps.append(ReplaceDisk(number, disk.device, disk.serial, mirror.mount))
    failing = [serials[it.name] for it in members if it.failing and it.name in serials]
    if members and profile != _PROFILE and not gone and not failing:
        steps.append(ConvertMirror(mirror.mount))
    claims = _claims(document, disks)
    faults = (*_refusals(claims, disks), *_lacks(claims), *_losing(failing), *_stale(document, disks, held))
    return Plan(tuple(steps), (*faults, *_unnamed(held - set(mirror.disks), gone)))


def cache_plan(document: NodeDocument, limit_bytes: int, mounted: bool) -> Plan:
    """What images may take of the mirror. `limit_bytes`: what they may take now."""
    if not mounted or not document.image_cache_bytes or limit_bytes == document.image_cache_bytes:
        return Plan()
    return Plan((CapImageCache(document.mirror.mount, document.image_cache_bytes),))


def adoption_plan(label: str, mount: str, disks: tuple[SeenDisk, ...], mounted: bool) -> Plan:
    """Mount the mirror that is there, before any document is known."""
    own = _largest(label, disks)
    return Plan((MountMirror(tuple(disk.device for disk in own), mount),) if own and not mounted else ())


def _claims(document: NodeDocument, disks: tuple[SeenDisk, ...]) -> tuple[DiskClaim, ...]:
    return claim_disks(document, [disk.to_report() for disk in disks])


def _spare(document: NodeDocument, disks: tuple[SeenDisk, ...], held: set[str]) -> list[SeenDisk]:
    """Disks that may enter the mirror: blank, or with the operator's word that their data may go."""
    usable = {it.serial for it in _claims(document, disks) if it.claim in (Claim.REPLACE, Claim.WIPE)}
    wanted = set(document.mirror.disks) - held
    old = {it.serial for it in _older(document, disks, held)} & set(document.mirror.wipe)
    return [it for it in disks if it.serial in wanted & (usable | old) and not it.live]


def _older(document: NodeDocument, disks: tuple[SeenDisk, ...], held: set[str]) -> list[SeenDisk]:
    """Disks with our label that were away while the mirror went on without them."""
    marker = f"mirror:{document.mirror.label}"
    return [it for it in disks if held and it.marker == marker and it.serial not in held]


def _stale(document: NodeDocument, disks: tuple[SeenDisk, ...], held: set[str]) -> tuple[str, ...]:
    old = [it.serial for it in _older(document, disks, held) if it.serial not in document.mirror.wipe]
    if not old:
        return ()
    named = ", ".join(old)
    return (f"disks {named} hold an older copy of this mirror: add `wipe: [{named}]` or remove them",)


def _lacks(claims: Iterable[DiskClaim]) -> tuple[str, ...]:
    """One line for all missing disks of a mirror that is there."""
    lacking = [claim for claim in claims if claim.claim is Claim.LACK]
    if not lacking:
        return ()
    named = ", ".join(f"{claim.serial} ({claim.reason})" for claim in lacking)
    what = "a blank disk in its place" if len(lacking) == 1 else "blank disks in their places"
    return (f"the local mirror runs degraded, without {named}: put {what}, then run `pulumi up`",)


def _losing(serials: list[str]) -> tuple[str, ...]:
    if not serials:
        return ()
    named = ", ".join(serials)
    return (f"{named} of the local mirror loses writes: swap it for a blank disk, then run `pulumi up`",)


def _unnamed(serials: set[str], gone: list[int]) -> tuple[str, ...]:
    if not serials or gone:
        return ()
    named = ", ".join(sorted(serials))
    return (f"{named} is in the local mirror but not in the stack file: name it there or pull it out",)


def _new_mirror(document: NodeDocument, disks: tuple[SeenDisk, ...], claims: tuple[DiskClaim, ...]) -> Plan:
    faults = _refusals(claims, disks)
    if faults:
        return Plan(faults=faults)
    by_serial = {disk.serial: disk for disk in disks}
    mirror = document.mirror
    steps: list[Step] = []
    for claim in claims:
        disk = by_serial[claim.serial]
        if claim.claim is Claim.WIPE:
            steps.append(EraseDisk(disk.device, disk.serial, disk.marker))
    devices = tuple(by_serial[serial].device for serial in mirror.disks)
    return Plan((*steps, MakeMirror(mirror.label, devices, mirror.disks), MountMirror(devices, mirror.mount)))


def _largest(label: str, disks: Iterable[SeenDisk]) -> tuple[SeenDisk, ...]:
    """The disks of one file system: one that was away while the mirror was made anew is not in it."""
    own = [disk for disk in disks if disk.marker == f"mirror:{label}"]
    groups = [
        tuple(it for it in own if it.filesystem == uuid) for uuid in sorted({it.filesystem for it in own})
    ]
    return max(groups, key=len, default=())


def _refusals(claims: Iterable[DiskClaim], disks: Iterable[SeenDisk]) -> tuple[str, ...]:
    """One line for all refused disks, with what the operator can do."""
    refused = [claim for claim in claims if claim.claim is Claim.REFUSE]
    if not refused:
        return ()
    erasable = {disk.serial for disk in disks if not disk.live and disk.marker != UNREADABLE}
    named = ", ".join(f"{claim.serial} ({claim.reason.removeprefix('foreign:')})" for claim in refused)
    serials = ", ".join(claim.serial for claim in refused if claim.serial in erasable)
    remedy = f"If the data on them may go, add `wipe: [{serials}]` to the node. " if serials else ""
    if len(serials.split()) < len(refused):
        remedy += "Plug missing disks in, free those in use, or correct the serials in the stack file. "
    return (f"local disks refused: {named}. {remedy}".strip(),)

"""Which steps bring the local mirror to what the document says? Pure.

What may happen to a disk is decided in `disk_claims`, the same for the plan that the operator sees and for
the node. A mirror that is ours is adopted, whole or degraded; a new one is made only when every disk may be
claimed.
"""

from __future__ import annotations

from collections.abc import Iterable

from piston_iac.disk_claims import Claim, DiskClaim, claim_disks
from piston_iac.node_agent.disks import SeenDisk
from piston_iac.node_agent.steps import EraseDisk, MakeMirror, MountMirror, Plan, Step
from piston_iac.node_document import NodeDocument

BACKEND = "btrfs-raid10"


def mirror_plan(document: NodeDocument, disks: tuple[SeenDisk, ...], mounted: bool) -> Plan:
    """All steps of the mirror.

    Args:
        disks: every disk of this node.
        mounted: whether the mirror of this label is mounted where the document wants it.
    """
    mirror = document.mirror
    if not mirror.disks:
        return Plan()
    if mirror.backend != BACKEND:
        return Plan(faults=(f"this release makes no {mirror.backend}: set localRaid to {BACKEND}",))
    claims = claim_disks(document, [disk.to_report() for disk in disks])
    own = _largest(mirror.label, disks)
    if not own:
        return _new_mirror(document, disks, claims)
    mount = MountMirror(tuple(disk.device for disk in own), mirror.mount)
    stale = [it.serial for it in disks if it.marker == f"mirror:{mirror.label}" and it not in own]
    faults = _refusals(claims, disks)
    if stale:
        faults += (f"disks {', '.join(stale)} hold an older copy of this mirror: erase or remove them",)
    return Plan(() if mounted else (mount,), faults)


def adoption_plan(label: str, mount: str, disks: tuple[SeenDisk, ...], mounted: bool) -> Plan:
    """Mount the mirror that is there, before any document is known."""
    own = _largest(label, disks)
    return Plan((MountMirror(tuple(disk.device for disk in own), mount),) if own and not mounted else ())


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
    erasable = {disk.serial for disk in disks if not disk.live}
    named = ", ".join(f"{claim.serial} ({claim.reason.removeprefix('foreign:')})" for claim in refused)
    serials = ", ".join(claim.serial for claim in refused if claim.serial in erasable)
    remedy = f"If the data on them may go, add `wipe: [{serials}]` to the node. " if serials else ""
    if len(serials.split()) < len(refused):
        remedy += "Plug missing disks in, free those in use, or correct the serials in the stack file. "
    return (f"local disks refused: {named}. {remedy}".strip(),)

"""May these disks become the local mirror, or a part of it? Decided once, for the plan and for the node.

Pure, standard library only: `dynamic_providers` asks it to show a plan, `node_agent` before it acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from piston_iac.node_document import NodeDocument
from piston_iac.node_report import UNREADABLE, Disk


class Claim(StrEnum):
    """What happens to a disk."""

    ADOPT = "adopts"  # it is in this node's mirror already
    MAKE = "makes RAID1+0 of"  # blank
    REPLACE = "puts into its mirror"  # blank, while the mirror is there already
    LACK = "goes on without"  # its mirror is there, this disk is not
    WIPE = "wipes"  # foreign data, and the operator named its serial
    REFUSE = "refuses"


@dataclass(frozen=True)
class DiskClaim:
    """The decision on one disk. `reason` says what stands in the way of a refused one."""

    serial: str
    claim: Claim
    reason: str = ""


def claim_disks(document: NodeDocument, disks: Iterable[Disk]) -> tuple[DiskClaim, ...]:
    """Decide on every local disk of the document, in its order."""
    present = {disk.serial: disk for disk in disks}
    ours = any(disk.marker == f"mirror:{document.mirror.label}" for disk in present.values())
    return tuple(_claim(document, serial, present.get(serial), ours) for serial in document.mirror.disks)


def _claim(document: NodeDocument, serial: str, disk: Disk | None, ours: bool) -> DiskClaim:
    """Decide on one disk. `ours`: this node's mirror is there, whole or in part."""
    if disk is None or disk.marker == UNREADABLE:
        reason = "no such disk in the machine" if disk is None else "it cannot be read"
        return DiskClaim(serial, Claim.LACK if ours else Claim.REFUSE, reason)
    if disk.marker == f"mirror:{document.mirror.label}":
        return DiskClaim(serial, Claim.ADOPT)
    # What is mounted or in use is someone's running data: not even `wipe` touches it.
    if disk.live:
        return DiskClaim(serial, Claim.REFUSE, f"in use: {disk.marker}")
    if disk.marker == "blank":
        return DiskClaim(serial, Claim.REPLACE if ours else Claim.MAKE)
    if serial in document.mirror.wipe:
        return DiskClaim(serial, Claim.WIPE)
    return DiskClaim(serial, Claim.REFUSE, disk.marker)

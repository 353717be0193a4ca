"""May these disks become the local mirror? Decided in one place, for the plan and for the node.

Pure, standard library only: `dynamic_providers` asks it to show a plan, `node_agent` before it acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from piston_iac.node_document import NodeDocument
from piston_iac.node_report import Disk


class Claim(StrEnum):
    """What happens to a disk."""

    ADOPT = "adopts"  # it is in this node's mirror already
    MAKE = "makes RAID1+0 of"  # blank
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
    return tuple(_claim(document, serial, present.get(serial)) for serial in document.mirror.disks)


def _claim(document: NodeDocument, serial: str, disk: Disk | None) -> DiskClaim:
    if disk is None:
        return DiskClaim(serial, Claim.REFUSE, "no such disk in the machine")
    if disk.marker == f"mirror:{document.mirror.label}":
        return DiskClaim(serial, Claim.ADOPT)
    # What is mounted or in use is someone's running data: not even `wipe` touches it.
    if disk.live:
        return DiskClaim(serial, Claim.REFUSE, f"in use: {disk.marker}")
    if disk.marker == "blank":
        return DiskClaim(serial, Claim.MAKE)
    if serial in document.mirror.wipe:
        return DiskClaim(serial, Claim.WIPE)
    return DiskClaim(serial, Claim.REFUSE, disk.marker)

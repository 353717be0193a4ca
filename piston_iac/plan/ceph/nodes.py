"""What a node's report says of its part in the cluster storage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from piston_iac import ceph_layout
from piston_iac.node_report import NodeReport

MON, MGR = "ceph-mon", "ceph-mgr"
RUNNING, STOPPED, ABSENT = "running", "stopped", "absent"
Reports = Mapping[str, NodeReport | None]


class Disk(StrEnum):
    """What an OSD disk is to this cluster."""

    OWN = "own"  # it carries its OSD
    EMPTY = "empty"  # blank, or an attempt of ours that was cut short
    FOREIGN = "foreign"  # something else; `DiskState.what` says what
    GONE = "gone"  # not in the machine, or unreadable


@dataclass(frozen=True)
class DiskState:
    """One OSD disk. `what` is its marker in words."""

    state: Disk
    what: str = ""
    live: bool = False


def part(report: NodeReport | None, service: str) -> str:
    """State of a service of the node; empty when nobody knows."""
    return report.services.get(service, "") if report is not None else ""


def usable(report: NodeReport | None) -> bool:
    """The node can take work: its document is applied, knows of Ceph, and its data cable works."""
    if report is None or report.phase in ("applying", "waiting") or report.uplink != "up":
        return False
    return any(name.startswith("ceph-") for name in report.services)


def disk_state(report: NodeReport, serial: str, fsid: str, uuid: str) -> DiskState:
    """What the disk of that serial carries, seen from the OSD that belongs on it."""
    disk = next((it for it in report.disks if it.serial == serial), None)
    if disk is None or disk.marker == "unreadable":
        return DiskState(Disk.GONE, "is not in the machine" if disk is None else "cannot be read")
    if disk.marker == "blank" or disk.marker == f"osd:/{uuid}/":
        return DiskState(Disk.EMPTY)
    if disk.marker.startswith(f"osd:{fsid}/{uuid}/"):
        return DiskState(Disk.OWN, live=disk.live)
    return DiskState(Disk.FOREIGN, _words(disk.marker, fsid), disk.live)


def _words(marker: str, fsid: str) -> str:
    kind, _, rest = marker.partition(":")
    if kind != "osd":
        return f"holds {rest or kind}"
    owner, _, identity = rest.partition("/")
    uuid, _, number = identity.partition("/")
    if owner == fsid:
        return f"holds OSD {number} of this cluster, made for another disk"
    return f"holds an OSD of another cluster ({owner or 'unfinished'}, OSD {number or uuid})"


def traces(reports: Reports, fsid: str) -> list[str]:
    """Nodes on which something of this cluster is to be seen: a mon store, or a whole OSD."""
    found = []
    for node, report in reports.items():
        if report is None:
            continue
        osd = any(disk.marker.startswith(f"osd:{fsid}/") for disk in report.disks)
        if osd or part(report, MON) in (RUNNING, STOPPED):
            found.append(node)
    return found


def stopped(report: NodeReport | None) -> bool:
    """True when a daemon of this node has its data and does not run."""
    return report is not None and any(
        state == STOPPED for name, state in report.services.items() if name.startswith("ceph-")
    )


def osd_serves(report: NodeReport, service: str) -> bool:
    """True when that service is an OSD, and runs."""
    return service.startswith(ceph_layout.osd_service("")) and report.services[service] == RUNNING

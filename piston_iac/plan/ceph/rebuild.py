"""May the mon stores be made anew from the OSDs, and from which? Pure: reports in, a plan or reasons out.

A rebuilt store beside a living one would be a second history of the same cluster, so everything that could
still hold one has to say that it does not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.nodes import ABSENT, MON, Reports, part
from piston_iac.plan.ceph.wanted import WantedCluster

_MIRRORED = ("healthy", "degraded")


@dataclass(frozen=True)
class Rebuild:
    """What to do. `mon`: the node that gets the store; `collect`: the OSDs to read, by node, in this order.

    `left_out`: mon hosts and OSD hosts that take no part.
    """

    mon: str
    collect: dict[str, tuple[int, ...]]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Why it may not be done: all reasons, each with its node."""

    reasons: tuple[str, ...]


def plan_rebuild(wanted: WantedCluster, reports: Reports, without: Collection[str]) -> Rebuild | Refusal:
    """Decide whether and how the mon stores are made anew.

    Args:
        reports: of all nodes, just read; None where the agent does not answer.
        without: nodes that the operator leaves out, because they do not come back.
    """
    unknown = [f"{node} is no node of this site" for node in sorted(set(without) - set(reports))]
    osds = {
        node: numbers
        for node, report in reports.items()
        if node not in without and (numbers := own_osds(report, wanted.fsid))
    }
    reasons = [*unknown, *_mon_reasons(wanted, reports, without), *_osd_reasons(wanted, reports, without)]
    if not osds:
        reasons.append(f"no OSD of cluster {wanted.fsid} is on the nodes that take part")
    mon = next((node for node in wanted.mons if node not in without and _can_be_joined(reports, node)), None)
    if mon is None:
        reasons.append(
            f"none of the mon hosts {', '.join(wanted.mons)} can hold the store and be reached by peers"
        )
    if reasons or mon is None:
        return Refusal(tuple(reasons))
    hosts = {*wanted.mons, *wanted.osds.values()}
    return Rebuild(mon, osds, tuple(node for node in reports if node in without and node in hosts))


def own_osds(report: NodeReport | None, fsid: str) -> tuple[int, ...]:
    """The numbers of the whole OSDs of this cluster on a node's disks."""
    markers = [disk.marker for disk in report.disks] if report is not None else []
    numbers = [it.rpartition("/")[2] for it in markers if it.startswith(f"osd:{fsid}/")]
    return tuple(sorted(int(number) for number in numbers if number))


def _can_be_joined(reports: Reports, node: str) -> bool:
    report = reports.get(node)
    return report is not None and report.uplink == "up"


def _mon_reasons(wanted: WantedCluster, reports: Reports, without: Collection[str]) -> list[str]:
    reasons = []
    for node in wanted.mons:
        report = reports.get(node)
        if report is None:
            if node not in without:
                reasons.append(f"mon host {node} does not answer, and may have a whole mon store")
        elif why := _may_have_a_store(report):
            # Left out or not: a store that is there is not to be written off.
            reasons.append(f"mon host {node} {why}")
    return reasons


def _may_have_a_store(report: NodeReport) -> str:
    state = part(report, MON)
    if state not in ("", ABSENT):
        return f"has a whole mon store ({state}): `pulumi up` starts it"
    if not state or report.phase in ("waiting", "applying"):
        return f"has not applied its document ({report.progress or report.phase})"
    if report.mirror.state not in _MIRRORED:
        return "has no local mirror mounted, which may hold a whole mon store"
    return ""


def _osd_reasons(wanted: WantedCluster, reports: Reports, without: Collection[str]) -> list[str]:
    hosts = [node for node in dict.fromkeys(wanted.osds.values()) if node not in without]
    silent = [node for node in hosts if reports.get(node) is None and node not in wanted.mons]
    return [f"OSD host {node} does not answer, and may have the newest maps" for node in silent]

"""May a node change now? What its new document would restart, and whether its peers can do without it. Pure.

A node that runs nothing yet disturbs nobody: first installs need no turn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from piston_iac import cloud_layout as layout
from piston_iac.node_document import NodeDocument
from piston_iac.node_report import NodeReport
from piston_iac.plan.services import chrony, snmp

RUNNING = "running"
# Of these a majority has to run: while one is away, no other may go.
_MAJORITY = frozenset({layout.GALERA, layout.RABBITMQ, layout.OVN, "ceph-mon"})
# What of a node nobody else needs: its restart disturbs no one.
_ITS_OWN = frozenset({chrony.UNIT, snmp.UNIT})
Reports = Mapping[str, NodeReport | None]


def restarts(document: NodeDocument, report: NodeReport) -> tuple[str, ...]:
    """Units that work on the node and that are restarted when it takes this document.

    One that does not work is nothing to lose: the change may be what mends it, here and on all its peers.
    """
    changed = {
        unit
        for file in document.files
        if report.files.get(file.path) != file.digest()
        for unit in file.restart
    }
    running = {unit for unit, state in report.units.items() if state == "active"}
    for service in document.services:
        if report.services.get(service.name) == RUNNING and service.name not in report.unwell:
            running |= set(service.units)
    return tuple(sorted((changed & running) - set(document.reloadable) - _ITS_OWN))


def services_of(document: NodeDocument, units: Collection[str]) -> tuple[str, ...]:
    """The services that have one of these units."""
    return tuple(it.name for it in document.services if set(it.units) & set(units))


def not_now(services: Collection[str], peers: Reports) -> str:
    """Why these services may not be restarted now; empty when they may.

    Args:
        services: of the node whose turn it is.
        peers: reports of the nodes that run the same; None for one that gives no answer.
    """
    for service in services:
        ill = [node for node, report in peers.items() if report and not _works(report, service)]
        if ill:
            return f"{service} does not work on {', '.join(ill)}"
        away = [node for node, report in peers.items() if report is None]
        if away and (service in _MAJORITY or len(away) == len(peers)):
            return f"{service} of {', '.join(away)} gives no answer"
    return ""


def not_back(before: NodeReport, now: NodeReport) -> tuple[str, ...]:
    """Services that worked on the node before its change and do not work now."""
    return tuple(
        name
        for name, state in before.services.items()
        if state == RUNNING and name not in before.unwell and name in now.services and not _works(now, name)
    )


def _works(report: NodeReport, service: str) -> bool:
    """A node that does not have the service at all is none of its peers."""
    state = report.services.get(service)
    return state is None or (state == RUNNING and service not in report.unwell)

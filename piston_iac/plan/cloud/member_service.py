"""What a node's report says of a store that the control plane has there. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from piston_iac.node_report import NodeReport

RUNNING, STOPPED, ABSENT = "running", "stopped", "absent"


def usable(report: NodeReport | None, service: str) -> bool:
    """The node can take work: its document is applied, knows of the service, its data cable works."""
    if report is None or report.phase in ("applying", "waiting") or report.uplink != "up":
        return False
    return service in report.services


def part(report: NodeReport | None, service: str) -> str:
    """State of a service of the node; empty when nobody knows."""
    return report.services.get(service, "") if report is not None else ""


def unlooked(
    service: str, reports: Mapping[str, NodeReport | None], looks: Mapping[str, object | None]
) -> str:
    """Hosts that report and do not tell what they see of the service, in words; empty when there are none.

    No line of a node tells these. One that does not report at all has its own.
    """
    hosts = [host for host, it in reports.items() if part(it, service) and looks.get(host) is None]
    return f"unreachable: {', '.join(hosts)}: no answer to what is seen there of {service}" if hosts else ""

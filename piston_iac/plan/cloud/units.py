"""Do the units of a service run on its nodes? Nodes tell at once, its own records a minute late. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from piston_iac.node_report import NodeReport

RUN = "run"


def stopped_units(
    services: Collection[str], reports: Mapping[str, NodeReport | None]
) -> dict[str, tuple[str, ...]]:
    """Units that are not active, by node; without the nodes on which all run.

    Args:
        services: names in the nodes' documents.
        reports: by node; None of one that is away, which its own resource tells.
    """
    found = {
        node: tuple(unit for name in services for unit in report.stopped.get(name, ()))
        for node, report in reports.items()
        if report is not None
    }
    return {node: units for node, units in found.items() if units}


def stopped_services(reports: Mapping[str, NodeReport | None]) -> dict[str, tuple[str, ...]]:
    """Services with a unit that is not active, by node that tells."""
    return {node: tuple(report.stopped) for node, report in reports.items() if report is not None}


def wanted_units(nodes: Iterable[str]) -> dict[str, str]:
    """The compared field as it is to be."""
    return dict.fromkeys(nodes, RUN)


def seen_units(
    nodes: Iterable[str],
    stopped: Mapping[str, Collection[str]],
    silent: Collection[str],
    before: Mapping[str, str],
) -> dict[str, str]:
    """The same as it is. A node that is away keeps its last value."""
    return {
        node: str(before.get(node, RUN)) if node in silent else _words(stopped.get(node, ()))
        for node in nodes
    }


def _words(units: Collection[str]) -> str:
    names = sorted(unit.removesuffix(".service") for unit in units)
    return f"without {', '.join(names)}" if names else RUN

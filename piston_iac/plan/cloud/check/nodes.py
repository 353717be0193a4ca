"""Which nodes are not yet what is to be checked? Pure.

Nodes take their turns with a change while others are through with it: a check that began then would vouch for
some that are still as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from piston_iac.node_report import NodeReport


def late(
    documents: Mapping[str, str], reports: Mapping[str, NodeReport | None], given_up: Collection[str]
) -> list[str]:
    """Nodes that answer and have not applied their document yet, each with what it does.

    One that is silent, or that failed in this run, keeps nobody from checking the others.

    Args:
        documents: SHA-256 of each node's document. given_up: nodes that do not become ready in this run.
    """
    found = []
    for node, wanted in documents.items():
        report = reports.get(node)
        if report is None or node in given_up or report.phase == "failed":
            continue
        if report.document != wanted:
            found.append(f"{node}, which has another document")
        elif report.phase != "settled":
            found.append(f"{node}, which is {report.phase}")
    return found

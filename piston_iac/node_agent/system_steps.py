"""Which steps bring host name, files and units to what the document says? Pure."""

from __future__ import annotations

from collections.abc import Mapping

from piston_iac.node_agent.files import SeenFile
from piston_iac.node_agent.steps import Plan, RestartUnit, SetHostname, StartUnit, WriteFile
from piston_iac.node_document import File, NodeDocument

# systemd brings these to active, or to failed, without us.
_UNDER_WAY = ("active", "activating", "reloading", "refreshing")


def hostname_plan(document: NodeDocument, hostname: str) -> Plan:
    """The host name."""
    return Plan(() if hostname == document.hostname else (SetHostname(document.hostname),))


def file_plan(document: NodeDocument, seen: Mapping[str, SeenFile]) -> Plan:
    """Files whose content or mode is not the document's."""
    return Plan(tuple(WriteFile(file) for file in document.files if not _is_right(file, seen[file.path])))


def unit_plan(document: NodeDocument, pending: frozenset[str], states: Mapping[str, str]) -> Plan:
    """Units to restart because a file of theirs changed, then units to start.

    Args:
        pending: units whose files changed since they were last started.
        states: systemd's active state by unit, of the document's and the pending units.
    """
    wanted = set(document.units)
    restarts = [unit for unit in sorted(pending) if unit in wanted or states[unit] in _UNDER_WAY]
    starts = [unit for unit in document.units if states[unit] not in _UNDER_WAY and unit not in restarts]
    in_order = sorted(restarts, key=lambda unit: document.units.index(unit) if unit in wanted else -1)
    return Plan((*map(RestartUnit, in_order), *map(StartUnit, starts)))


def _is_right(file: File, seen: SeenFile) -> bool:
    return seen.digest == file.digest() and seen.mode == int(file.mode, 8)

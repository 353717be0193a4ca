"""Which steps bring host name, files and units to what the document says? Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from piston_iac.node_agent.files import SeenFile
from piston_iac.node_agent.steps import (
    ForgetRestart,
    Plan,
    ReloadUnit,
    RestartUnit,
    SetHostname,
    StartUnit,
    StopStranger,
    WriteFile,
)
from piston_iac.node_document import File, NodeDocument

# systemd brings these to active, or to failed, without us.
_UNDER_WAY = ("active", "activating", "reloading", "refreshing")
_DOWN = ("inactive", "failed")


def hostname_plan(document: NodeDocument, hostname: str) -> Plan:
    """The host name."""
    return Plan(() if hostname == document.hostname else (SetHostname(document.hostname),))


def file_plan(document: NodeDocument, seen: Mapping[str, SeenFile]) -> Plan:
    """Files whose content or mode is not the document's."""
    return Plan(tuple(WriteFile(file) for file in document.files if not _is_right(file, seen[file.path])))


def unit_plan(
    units: tuple[str, ...],
    pending: Collection[str],
    states: Mapping[str, str],
    reloadable: Collection[str] = (),
) -> Plan:
    """Of units that are to run: those to restart because a file of theirs changed, then those to start.

    Args:
        pending: units whose files changed since they were last started.
        states: systemd's active state by unit.
        reloadable: units that read a changed file without a restart.
    """
    restarts = [unit for unit in units if unit in pending]
    starts = [unit for unit in units if states[unit] not in _UNDER_WAY and unit not in restarts]
    changed = [ReloadUnit(unit) if unit in reloadable else RestartUnit(unit) for unit in restarts]
    return Plan((*changed, *map(StartUnit, starts)))


def strangers_plan(strangers: Collection[str]) -> Plan:
    """Units that are not of this node."""
    return Plan(tuple(map(StopStranger, strangers)))


def others_plan(pending: Collection[str], states: Mapping[str, str]) -> Plan:
    """Of units that nobody wants to run, and whose files changed: those that run are restarted."""
    running = [unit for unit in sorted(pending) if states[unit] in _UNDER_WAY]
    stopped = [unit for unit in sorted(pending) if states[unit] in _DOWN]
    return Plan((*map(RestartUnit, running), *map(ForgetRestart, stopped)))


def _is_right(file: File, seen: SeenFile) -> bool:
    return seen.digest == file.digest() and seen.mode == int(file.mode, 8)

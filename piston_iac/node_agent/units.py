"""systemd units: their states, starting and restarting them, and which have a restart outstanding."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from piston_iac.node_agent.tools import ToolFailed, run

_LIMIT_S = 120.0


def states(names: Iterable[str]) -> dict[str, str]:
    """systemd's active state of each unit; `unknown` where systemd cannot be asked."""
    units = list(dict.fromkeys(names))
    if not units:
        return {}
    lines = run("systemctl", "is-active", *units, check=False).split()
    return (
        dict(zip(units, lines, strict=False)) if len(lines) == len(units) else dict.fromkeys(units, "unknown")
    )


def start(unit: str) -> None:
    """Start a unit and make sure that it runs.

    Raises:
        ToolFailed: it does not.
    """
    _command("start", unit)


def restart(unit: str) -> None:
    """Restart a unit and make sure that it runs.

    Raises:
        ToolFailed: it does not.
    """
    _command("restart", unit)


class PendingRestarts:
    """Units whose files changed since they were last started. Survives a restart of the agent."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def add(self, units: Iterable[str]) -> None:
        """Note units."""
        for unit in units:
            (self._directory / unit).touch()

    def remove(self, unit: str) -> None:
        """Forget a unit."""
        (self._directory / unit).unlink(missing_ok=True)

    def all(self) -> frozenset[str]:
        """The units."""
        return frozenset(path.name for path in self._directory.iterdir())


def _command(verb: str, unit: str) -> None:
    # A unit that failed too often is refused until its count is reset.
    run("systemctl", "reset-failed", unit, check=False)
    run("systemctl", verb, unit, limit_s=_LIMIT_S)
    state = states([unit])[unit]
    if state not in ("active", "activating", "reloading"):
        raise ToolFailed(f"{unit} is {state} after its {verb}: see `journalctl -u {unit}`")

"""systemd units: their states, starting and restarting them, and which have a restart outstanding."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from piston_iac.node_agent.tools import ToolFailed, run

_LIMIT_S = 120.0
_KINDS = "--type=service,socket,timer"
# Only the micro-OS has it. Anywhere else, as where this code is tested, no unit is ours to judge.
_MICRO_OS = Path("/usr/lib/piston")
# Where units of the image are; generators make theirs of what the image holds.
_IMAGE = (
    Path("/usr/lib/systemd/system"),
    Path("/run/systemd/generator"),
    Path("/run/systemd/generator.early"),
    Path("/run/systemd/generator.late"),
)
# Where others put theirs. The image has none there, only links and settings.
_ELSEWHERE = tuple(
    Path(it) for it in ("/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient")
)
_UP = ("active", "activating", "reloading")


def states(names: Iterable[str]) -> dict[str, str]:
    """systemd's active state of each unit; `unknown` where systemd cannot be asked."""
    units = list(dict.fromkeys(names))
    if not units:
        return {}
    lines = run("systemctl", "is-active", *units, check=False).split()
    return (
        dict(zip(units, lines, strict=False)) if len(lines) == len(units) else dict.fromkeys(units, "unknown")
    )


def strangers(own: Collection[str]) -> tuple[str, ...]:
    """Units that are up although neither the image nor the document knows them.

    Args:
        own: paths of the document's files: units that it brings itself.
    """
    if not _MICRO_OS.is_dir():
        return ()
    listed: list[dict[str, str]] = json.loads(run("systemctl", "list-units", _KINDS, "--output=json") or "[]")
    up = [entry["unit"] for entry in listed if entry["active"] in _UP]
    return judge_strangers(up, _files(_IMAGE), _files(_ELSEWHERE), {Path(path).name for path in own})


def judge_strangers(
    up: Iterable[str], image: Collection[str], elsewhere: Collection[str], own: Collection[str]
) -> tuple[str, ...]:
    """Of the units that are up those of no file of the image's, or of a file that hides it. Pure.

    Args:
        image, elsewhere: names of unit files of the image, and of those that others put there.
        own: names of unit files that the document brings.
    """
    found = []
    for unit in up:
        names = {unit, _template(unit)}
        if not names & {*own} and (names & {*elsewhere} or not names & {*image}):
            found.append(unit)
    return tuple(sorted(found))


def _template(unit: str) -> str:
    """`ceph-mon@n1.service` comes from `ceph-mon@.service`."""
    name, at, rest = unit.partition("@")
    return f"{name}@.{rest.rpartition('.')[2]}" if at else unit


def _files(directories: Iterable[Path]) -> set[str]:
    """Names of the files there; a link only gives another name to a file, or masks it."""
    found: set[str] = set()
    for directory in directories:
        if directory.is_dir():
            found |= {it.name for it in directory.iterdir() if not it.is_symlink() or directory in _IMAGE}
    return found


def stop(unit: str) -> None:
    """Stop a unit."""
    run("systemctl", "stop", unit, limit_s=_LIMIT_S)


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


def reload(unit: str) -> None:
    """Have a unit read its files again; one that does not run is started. Make sure that it runs.

    Raises:
        ToolFailed: it does not.
    """
    _command("reload-or-restart", unit)


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

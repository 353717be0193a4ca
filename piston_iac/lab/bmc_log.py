"""Counts the writes of users and settings at each BMC, by watching the files that ipmi_sim keeps.

ipmi_sim replaces a file whenever something in it was set, also to the value that it had, within a
second. Each replacement becomes one line per changed slot, or one line when nothing changed: a write
stays a write. Values are never written down. (Power and boot device are logged by chassis.sh.)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from selectors import EVENT_READ, BaseSelector

from piston_iac.lab.inotify import DELETED, Watch

# What ipmi_sim holds before anybody changed anything, as far as it is not zero; see bmcs.lan_configuration.
FACTORY = {
    "1.max_sessions": "10",
    "1.privilege": "2",
    "2.max_sessions": "10",
    "2.privilege": "4",
    "2.valid": "1",
    "2.username": "ADMIN",
    "2.passwd": "ADMIN",
    "3.max_sessions": "10",
    "3.privilege": "4",
    "4.max_sessions": "10",
    "4.privilege": "4",
}


def parse_state(text: str) -> dict[str, str]:
    """Settings in one of ipmi_sim's files: `key:type:value` lines. Empty and zero values are left out."""
    found = {}
    for line in text.splitlines():
        key, _, rest = line.partition(":")
        value = rest.partition(":")[2].replace("\\00", "")
        if value not in ("", "0"):
            found[key] = value
    return found


def describe(file: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """One line per thing that changed between two states of a file, without values. Pure."""
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    if not changed:
        return [f"{file}: written, nothing changed"]
    if not file.startswith("users."):
        return [f"{file}: {key} changed" for key in changed]
    slots: dict[str, list[str]] = {}
    for key in changed:
        slot, _, field = key.partition(".")
        slots.setdefault(slot, []).append(field)
    return [f"user {slot}: {', '.join(fields)} changed" for slot, fields in slots.items()]


class BmcLog:
    """Watches one BMC's state directory and appends to its write log."""

    def __init__(self, state: Path, log: Path) -> None:
        self._state = state
        self._log = log
        self._known: dict[str, dict[str, str]] = {}
        self._watch = Watch(state)

    def register(self, selector: BaseSelector) -> None:
        """Have the selector call this log when a file was replaced."""
        selector.register(self._watch.descriptor, EVENT_READ, self._replaced)

    def _replaced(self) -> None:
        for kind, file in self._watch.events():
            path = self._state / file
            if kind & DELETED or not path.exists():
                self._known.pop(file, None)  # reset to factory
                continue
            after = parse_state(path.read_text(errors="replace"))
            before = self._known.get(file, FACTORY if file.startswith("users.") else {})
            self._known[file] = after
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            with self._log.open("a") as log:
                log.writelines(f"{at} {line}\n" for line in describe(file, before, after))

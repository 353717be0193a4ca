"""What the operator may ask of `ceph_call`, read once; and what of an answer may leave the node. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from piston_iac.trust.cephx import key_digest
from piston_iac.trust.secret import Secret

_TARGETS = ("mon", "mgr")
_LOOKS = frozenset(
    {
        "config dump",
        "config get",
        "auth ls",
        "crash ls",
        "df",
        "features",
        "fsid",
        "health",
        "health detail",
        "log last",
        "mgr dump",
        "mgr module ls",
        "mgr services",
        "mgr stat",
        "mon dump",
        "mon stat",
        "osd blocked-by",
        "osd crush class ls",
        "osd crush dump",
        "osd crush rule dump",
        "osd crush rule ls",
        "osd crush tree",
        "osd df",
        "osd dump",
        "osd find",
        "osd info",
        "osd metadata",
        "osd ok-to-stop",
        "osd perf",
        "osd pool autoscale-status",
        "osd pool get",
        "osd pool get-quota",
        "osd pool ls",
        "osd pool stats",
        "osd safe-to-destroy",
        "osd stat",
        "osd status",
        "osd tree",
        "osd utilization",
        "pg dump",
        "pg dump_stuck",
        "pg ls",
        "pg stat",
        "progress json",
        "quorum_status",
        "status",
        "time-sync-status",
        "versions",
    }
)
"""Commands that change nothing and give no key away but to `shown`. Source: MonCommands.h of Ceph 18.2."""

_KEYS = ("key", "pending_key")
# Other config keys hold secrets of mgr modules.
_OWN_KEYS = "piston/"


@dataclass(frozen=True)
class Command:
    """One command to the mons or the active mgr. `text` is its input."""

    to: str
    body: Mapping[str, Any]
    text: str

    @property
    def prefix(self) -> str:
        """The command's name."""
        return str(self.body["prefix"])

    def to_json(self) -> str:
        """As the cluster reads it; its answer is to be JSON."""
        return json.dumps({**self.body, "format": "json"})


@dataclass(frozen=True)
class Call:
    """Who asks (`name` and cephx `key`), for how long at most (seconds, for all of it), and what."""

    name: str
    key: Secret
    timeout_s: float
    commands: tuple[Command, ...]


def parse_call(raw: Mapping[str, Any]) -> Call:
    """Read the operator's request.

    Raises:
        KeyError, TypeError, ValueError: it does not fit.
    """
    commands = tuple(
        Command(str(entry["to"]), dict(entry["command"]), str(entry.get("input") or ""))
        for entry in raw["commands"]
    )
    for command in commands:
        if command.to not in _TARGETS:
            raise ValueError("a command goes to `mon` or `mgr`")
        if not command.prefix:
            raise ValueError("a command has an empty prefix")
    return Call(str(raw["name"]), Secret(str(raw["key"])), float(raw["timeout_s"]), commands)


def refusal(call: Call) -> str:
    """Why this call is more than a look, in one line; empty when it is none."""
    for command in call.commands:
        own = command.prefix == "config-key get" and str(command.body.get("key")).startswith(_OWN_KEYS)
        if command.prefix not in _LOOKS and not own:
            return f"`{command.prefix}` is not among the commands that only look"
    return ""


def shown(command: Command, output: bytes) -> Any:
    """What of a command's output leaves the node: JSON where it is such, else text.

    Keys never do: where entities are listed, each becomes its digest.
    """
    text = output.decode(errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        return "" if _is_about_keys(command) else text
    return _without_keys(value) if _is_about_keys(command) else value


def _is_about_keys(command: Command) -> bool:
    return command.prefix.split()[0] in ("auth", "fs")


def _without_keys(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_keys(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: key_digest(Secret(entry)) if name in _KEYS and isinstance(entry, str) else _without_keys(entry)
        for name, entry in value.items()
    }

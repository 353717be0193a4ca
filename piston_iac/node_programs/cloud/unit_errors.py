"""What a unit of this node last said went wrong, for an operator who waits for it."""

from __future__ import annotations

from piston_iac.node_agent.tools import ToolFailed, run

ERROR = "[ERROR]"
"""Marks such a line: MariaDB's own word for it."""
# Further back it is about something else. A member that does not come up says it again within a minute.
_SINCE, _LINES = "-10min", "500"
_LONGEST = 200
_LIMIT_S = 5.0
# How a server ends that has said why before.
_SAYS_NOTHING = "Aborting"


def last_error(unit: str) -> str:
    """One line of a unit's journal without its time; empty for none, or when the journal cannot be read."""
    words = ("--since", _SINCE, "--lines", _LINES, "--output=cat", "--no-pager", "--quiet")
    try:
        return last_error_of(run("journalctl", "--unit", unit, *words, limit_s=_LIMIT_S))
    except ToolFailed:
        return ""


def last_error_of(said: str) -> str:
    """The last error among lines, at most 200 characters. Pure. A line about a password may hold one."""
    lines = [line.partition(ERROR)[2].strip() for line in said.splitlines() if ERROR in line]
    telling = [it for it in lines if it not in ("", _SAYS_NOTHING) and "password" not in it.lower()]
    return telling[-1][:_LONGEST] if telling else ""

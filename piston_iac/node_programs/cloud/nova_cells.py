"""Makes a cell of Nova unless it is there: `python3 -m ...cloud.nova_cells NAME DATABASE MESSAGES`.

DATABASE and MESSAGES are patterns that Nova fills from its configuration. Its own command takes a cell with
the same patterns for another one, and would make a second.
"""

from __future__ import annotations

import sys

from piston_iac.node_agent.tools import run
from piston_iac.node_programs.program import guarded, leave

_LIMIT_S = 120.0


def names(listed: str) -> frozenset[str]:
    """Names of the cells in the table that `nova-manage cell_v2 list_cells` prints. Pure."""
    rows = [line.split("|") for line in listed.splitlines() if line.startswith("|")]
    return frozenset(row[1].strip() for row in rows[1:])


def make(name: str, database: str, messages: str) -> None:
    """Make it where it is missing.

    Raises:
        ToolFailed: Nova refuses.
    """
    if name in names(run("nova-manage", "cell_v2", "list_cells", limit_s=_LIMIT_S)):
        return
    create = ("nova-manage", "cell_v2", "create_cell", "--name", name)
    run(*create, "--database_connection", database, "--transport-url", messages, limit_s=_LIMIT_S)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if len(arguments) != 3:
        print("usage: nova_cells NAME DATABASE MESSAGES", file=sys.stderr)
        return 2
    name, database, messages = arguments
    return guarded(lambda: make(name, database, messages))


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

"""Makes a cell of Nova unless it is there: `python3 -m ...cloud.nova_cells NAME DATABASE MESSAGES`.

DATABASE and MESSAGES are patterns that Nova fills from its configuration. Its own command takes a cell with
the same patterns for another one, and would make a second.
"""

from __future__ import annotations

import sys

import pymysql

from piston_iac.node_agent.tools import run
from piston_iac.node_programs.cloud.service_database import service_database
from piston_iac.node_programs.program import Fault, guarded, leave

_LIMIT_S = 120.0


def make(name: str, database: str, messages: str) -> None:
    """Make it where it is missing.

    Raises:
        Fault: the database does not answer. ToolFailed: Nova refuses.
    """
    try:
        with service_database("nova", "api_database") as cursor:
            if cursor.execute("SELECT 1 FROM cell_mappings WHERE name = %s", (name,)):
                return
    except (pymysql.MySQLError, OSError) as error:
        raise Fault(f"cannot see Nova's cells ({type(error).__name__})") from None
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

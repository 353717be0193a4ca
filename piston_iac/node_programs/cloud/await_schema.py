"""Runs a service once its database has a schema: `python3 -m ...cloud.await_schema SERVICE COMMAND...`.

At a first start databases, their users and schemas come one after the other, while units start at once. A
service that starts too early ends, and starting it again and again takes the whole machine.
"""

from __future__ import annotations

import os
import sys

import pymysql

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_programs.cloud.service_database import service_database
from piston_iac.node_programs.program import Fault, guarded, leave

# It ends with a word in the journal then, and systemd starts it again.
_WAIT_S, _POLL_S = 600.0, 2.0
# What every service's migrations keep their place in.
_MIGRATED = "SELECT 1 FROM alembic_version LIMIT 1"
# Nova's services remember the cells that there were when they began, and never see one that comes later.
_CELL = "SELECT 1 FROM cell_mappings WHERE name = %s"


def await_schema(service: str) -> None:
    """Wait. A service without a database waits for nothing.

    Raises:
        Fault: it does not come.
    """
    if not layout.database_conf(service):
        return
    deadline = Deadline.after(_WAIT_S)
    while why := _missing(service):
        if deadline.over():
            raise Fault(f"no schema of {service} after {_WAIT_S:.0f} s: {why}")
        deadline.pause(_POLL_S)


def _missing(service: str) -> str:
    """Why not yet; empty when it is there. It names no statement and no login."""
    try:
        for section, database in layout.database_sections(service).items():
            with service_database(service, section) as cursor:
                if not cursor.execute(_MIGRATED):
                    return "its migration has only begun"
                if database == "nova_api" and not cursor.execute(_CELL, (layout.NOVA_CELL,)):
                    return "its cell is not there yet"
    except (pymysql.MySQLError, OSError) as error:
        return f"the database says {error.args[0] if error.args else type(error).__name__}"
    return ""


def main(arguments: list[str]) -> int:
    """Returns the exit status, when the service cannot be started."""
    if len(arguments) < 2:
        print("usage: await_schema SERVICE COMMAND...", file=sys.stderr)
        return 2
    service, *command = arguments
    return guarded(lambda: _start(service, command))


def _start(service: str, command: list[str]) -> None:
    await_schema(service)
    # The service's own programs import nothing of ours.
    os.environ.pop("PYTHONPATH", None)
    os.execv(command[0], command)  # noqa: S606 - the unit's own words


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

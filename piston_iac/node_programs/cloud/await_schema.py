"""Runs a service once its database has a schema: `python3 -m ...cloud.await_schema SERVICE COMMAND...`.

At a first start databases, their users and schemas come one after the other, while units start at once. A
service that starts too early ends, and starting it again and again takes the whole machine.
"""

from __future__ import annotations

import configparser
import os
import sys
from urllib.parse import urlsplit

import pymysql

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_programs.program import Fault, guarded, leave

# It ends with a word in the journal then, and systemd starts it again.
_WAIT_S, _POLL_S, _CALL_S = 600.0, 2.0, 5
# Placement calls it otherwise.
SECTIONS = ("database", "placement_database")
# What every service's migrations keep their place in.
_MIGRATED = "SELECT 1 FROM alembic_version LIMIT 1"


def await_schema(service: str) -> None:
    """Wait. A service without a database waits for nothing.

    Raises:
        Fault: it does not come.
    """
    conf = layout.database_conf(service)
    if not conf:
        return
    deadline = Deadline.after(_WAIT_S)
    while why := _missing(conf):
        if deadline.over():
            raise Fault(f"no schema of {service} after {_WAIT_S:.0f} s: {why}")
        deadline.pause(_POLL_S)


def _missing(conf: str) -> str:
    """Why not yet; empty when it is there. It names no statement and no login."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read(conf)
    section = next(it for it in SECTIONS if parser.has_option(it, "connection"))
    place = urlsplit(parser.get(section, "connection"))
    try:
        with (
            pymysql.connect(
                host=place.hostname or "",
                port=place.port or 0,
                user=place.username,
                password=place.password or "",
                database=place.path.lstrip("/"),
                connect_timeout=_CALL_S,
                read_timeout=_CALL_S,
            ) as connection,
            connection.cursor() as cursor,
        ):
            return "" if cursor.execute(_MIGRATED) else "its migration has only begun"
    except (pymysql.MySQLError, OSError) as error:
        return f"the database says {error.args[0] if error.args else type(error).__name__}"


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

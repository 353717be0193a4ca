"""Statements for a service's own databases, by the settings and the login of that service."""

from __future__ import annotations

import configparser
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pymysql
from pymysql.cursors import Cursor

from piston_iac import cloud_layout as layout

_CALL_S = 5


@contextmanager
def service_database(service: str, section: str) -> Iterator[Cursor]:
    """A connection of its own for the block.

    Args:
        section: of the service's settings, see `cloud_layout.database_sections`.
    Raises:
        pymysql.MySQLError, OSError: the server does not answer, or not to this.
    """
    parser = configparser.RawConfigParser(strict=False)
    parser.read(layout.database_conf(service))
    place = urlsplit(parser.get(section, "connection"))
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
        yield cursor


def has_schema(service: str) -> bool:
    """Whether its databases have the schema of this image, to the last migration.

    Raises:
        pymysql.MySQLError, OSError: they cannot be asked.
    """
    wanted = json.loads(Path(layout.SCHEMAS).read_text())
    for section, name in layout.database_sections(service).items():
        with service_database(service, section) as cursor:
            cursor.execute("SELECT version_num FROM alembic_version")
            if {version for (version,) in cursor.fetchall()} != set(wanted.get(name, ())):
                return False
    return True

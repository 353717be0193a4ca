"""Statements for this node's own database, by its socket."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from pymysql.cursors import Cursor

from piston_iac import cloud_layout as layout


class Refused(OSError):
    """The server does not answer, or not to this. The text holds no statement: one may hold a secret."""


@contextmanager
def own_database(limit_s: int) -> Iterator[Cursor]:
    """A connection of its own for the block.

    Args:
        limit_s: how long it may take to come about, and each answer, seconds.
    Raises:
        Refused: also from within the block.
    """
    try:
        with (
            pymysql.connect(
                unix_socket=layout.GALERA_SOCKET,
                # The socket lets each user of the system in as the one of that name.
                user=pwd.getpwuid(os.geteuid()).pw_name,
                connect_timeout=limit_s,
                read_timeout=limit_s,
                write_timeout=limit_s,
            ) as connection,
            connection.cursor() as cursor,
        ):
            yield cursor
    except (pymysql.MySQLError, RuntimeError, OSError) as error:
        code = error.args[0] if error.args else ""
        raise Refused(f"the database refuses ({type(error).__name__} {code})") from None

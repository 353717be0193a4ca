"""Makes the databases of a service: `python3 -m piston_iac.node_programs.cloud.database make`.

In: {"names", "password"}. The databases, and the user of the first one's name, who may do anything in them
and nothing elsewhere. What is there stays. Out: {"names"}.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass

from piston_iac.node_programs.cloud.own_database import own_database
from piston_iac.node_programs.program import Answer, Fault, Request, converse, leave
from piston_iac.trust.secret import Secret

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_LIMIT_S = 20


@dataclass(frozen=True)
class Databases:
    """Databases, and the password of the user of the first one's name."""

    names: tuple[str, ...]
    password: Secret


def parse(raw: Request) -> Databases:
    """Read the operator's request.

    Raises:
        KeyError, ValueError: it does not fit.
    """
    names = tuple(str(it) for it in raw["names"])
    if not names or not all(_NAME.fullmatch(it) for it in names):
        raise ValueError("not a database's name")
    return Databases(names, Secret(str(raw["password"])))


def scramble(password: Secret) -> str:
    """What the server keeps of a password. Pure. Source: MariaDB's documentation, mysql_native_password.

    It is sent instead of the password: the members pass statements on as they are typed, so a password was
    seen in the binary logs of the others, and with them in the backups.
    """
    once = hashlib.sha1(password.get_secret_value().encode(), usedforsecurity=False).digest()
    return f"*{hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()}"


def make(wanted: Databases) -> Answer:
    """Make what is missing.

    Raises:
        Fault: this node's database does not take statements.
    """
    user = wanted.names[0]
    password = scramble(wanted.password)
    try:
        with own_database(_LIMIT_S) as cursor:
            cursor.execute(f"CREATE USER IF NOT EXISTS `{user}`@`%%` IDENTIFIED BY PASSWORD %s", (password,))
            cursor.execute(f"ALTER USER `{user}`@`%%` IDENTIFIED BY PASSWORD %s", (password,))
            for name in wanted.names:
                cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}`")
                cursor.execute(f"GRANT ALL ON `{name}`.* TO `{user}`@`%`")
    except OSError as error:
        raise Fault(f"cannot make {user}: {error}") from None
    return {"names": list(wanted.names)}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["make"]:
        print("usage: database make", file=sys.stderr)
        return 2
    return converse(parse, make)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

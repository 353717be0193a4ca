"""Brings the databases of a service to this release's schema.

`python3 -m piston_iac.node_programs.cloud.migrate SERVICE USER COMMAND... --fill COMMAND...`: each COMMAND is
one argument, with its words as a shell would take them; they run in order. Those before `--fill` make the
schema, and are left out where the databases have this image's: each costs seconds of a processor.
In: {"purpose", "permit"}. Two that migrate at once could break a schema, so it needs the permit of that
purpose. Out: {"migrated": the commands that were run}.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass

import pymysql

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent.tools import run
from piston_iac.node_programs.cloud.service_database import has_schema
from piston_iac.node_programs.permit import redeem_permit
from piston_iac.node_programs.program import Answer, Request, converse, leave
from piston_iac.trust.secret import Secret

_LIMIT_S = 280.0
Commands = tuple[str, ...]


@dataclass(frozen=True)
class Leave:
    """The permit that allows it."""

    purpose: str
    permit: Secret


def parse(raw: Request) -> Leave:
    """Read the operator's request.

    Raises:
        KeyError: it does not fit.
    """
    return Leave(str(raw["purpose"]), Secret(str(raw["permit"])))


def migrate(leave_: Leave, service: str, user: str, schema: Commands, fill: Commands) -> Answer:
    """Run the service's own programs as the service's user.

    Raises:
        Fault: the permit does not count. ToolFailed: one of them refused.
    """
    redeem_permit(leave_.purpose, leave_.permit)
    deadline = Deadline.after(_LIMIT_S)
    commands = (*(() if _is_current(service) else schema), *fill)
    for command in commands:
        run("runuser", "-u", user, "--", *shlex.split(command), limit_s=max(deadline.left_s(), 1.0))
    return {"migrated": list(commands)}


def _is_current(service: str) -> bool:
    """Whether there is nothing to migrate. Where that cannot be seen the service's own programs find out."""
    try:
        return has_schema(service)
    except (pymysql.MySQLError, OSError):
        return False


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if len(arguments) < 3 or layout.FILL not in arguments:
        print(f"usage: migrate SERVICE USER COMMAND... {layout.FILL} COMMAND...", file=sys.stderr)
        return 2
    service, user, *commands = arguments
    begin = commands.index(layout.FILL)
    schema, fill = tuple(commands[:begin]), tuple(commands[begin + 1 :])
    return converse(parse, lambda request: migrate(request, service, user, schema, fill))


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

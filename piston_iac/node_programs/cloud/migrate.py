"""Brings the databases of a service to this release's schema: `python3 -m ...cloud.migrate USER COMMAND...`.

Each COMMAND is one argument, with its words as a shell would take them; they run in order.
In: {"purpose", "permit"}. Two that migrate at once could break a schema, so it needs the permit of that
purpose. Out: {"migrated": the commands}.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass

from piston_iac.deadline import Deadline
from piston_iac.node_agent.tools import run
from piston_iac.node_programs.permit import redeem_permit
from piston_iac.node_programs.program import Answer, Request, converse, leave
from piston_iac.trust.secret import Secret

_LIMIT_S = 280.0


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


def migrate(leave_: Leave, user: str, commands: tuple[str, ...]) -> Answer:
    """Run the service's own programs as the service's user.

    Raises:
        Fault: the permit does not count. ToolFailed: one of them refused.
    """
    redeem_permit(leave_.purpose, leave_.permit)
    deadline = Deadline.after(_LIMIT_S)
    for command in commands:
        run("runuser", "-u", user, "--", *shlex.split(command), limit_s=max(deadline.left_s(), 1.0))
    return {"migrated": list(commands)}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if len(arguments) < 2:
        print("usage: migrate USER COMMAND...", file=sys.stderr)
        return 2
    user, *commands = arguments
    return converse(parse, lambda request: migrate(request, user, tuple(commands)))


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

"""Runs nova-compute once Nova answers: `python3 -m piston_iac.node_programs.cloud.await_api COMMAND...`.

At a first start nodes are there minutes before Nova is. One that asks for its conductor too early asks again
each minute only.
"""

from __future__ import annotations

import configparser
import os
import sys
from urllib.parse import urlsplit

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_programs.cloud.https import ask
from piston_iac.node_programs.program import Fault, guarded, leave

# It ends with a word in the journal then, and systemd starts it again.
_WAIT_S, _POLL_S, _CALL_S = 600.0, 3.0, 5.0
_ANSWERS = (200, 300)


def address(conf: str = layout.COMPUTE_CONF) -> str:
    """Where the APIs are, by what nova-compute is told."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read(conf)
    return urlsplit(parser.get("service_user", "auth_url")).hostname or ""


def await_api() -> None:
    """Wait.

    Raises:
        Fault: it does not come.
    """
    place, deadline = address(), Deadline.after(_WAIT_S)
    while ask(place, layout.NOVA_PORT, "GET", "/", None, {}, _CALL_S)[0] not in _ANSWERS:
        if deadline.over():
            raise Fault(f"Nova's API at {place} does not answer after {_WAIT_S:.0f} s")
        deadline.pause(_POLL_S)


def main(arguments: list[str]) -> int:
    """Returns the exit status, when the program cannot be started."""
    if not arguments:
        print("usage: await_api COMMAND...", file=sys.stderr)
        return 2
    return guarded(lambda: _start(arguments))


def _start(command: list[str]) -> None:
    await_api()
    os.execv(command[0], command)  # noqa: S606 - the unit's own words


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

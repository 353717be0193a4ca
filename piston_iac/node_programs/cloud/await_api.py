"""Runs a daemon once its service's API answers: `python3 -m ...cloud.await_api SERVICE COMMAND...`.

At a first start nodes are there minutes before Nova is. A nova-compute that asks for its conductor too early
asks again each minute only. What only tends what Neutron's API has made also waits until the node has time:
at a first start everybody wants a processor.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from piston_iac import cloud_layout as layout
from piston_iac.cpu_pressure import is_busy
from piston_iac.deadline import Deadline
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.cloud.https import ask
from piston_iac.node_programs.program import Fault, guarded, leave

# It ends with a word in the journal then, and systemd starts it again.
_WAIT_S, _POLL_S, _CALL_S = 600.0, 3.0, 5.0
_ANSWERS = (200, 300)
# A node that never has time needs it too.
_PATIENCE_S, _LOOK_S = 900.0, 5.0


def nova(conf: str = layout.COMPUTE_CONF) -> tuple[str, int]:
    """Address and port of Nova's API, by what nova-compute is told: most nodes have no other word of it."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read(conf)
    return urlsplit(parser.get("service_user", "auth_url")).hostname or "", layout.NOVA_PORT


def neutron() -> tuple[str, int]:
    """Address and port of Neutron's API, as control hosts know it."""
    return read_access().address, layout.NEUTRON_PORT


_PLACES: dict[str, Callable[[], tuple[str, int]]] = {"nova": nova, "neutron": neutron}
_GIVES_WAY = frozenset({"neutron"})


def await_api(service: str) -> None:
    """Wait for the API, and for time where the daemon gives way to others.

    Raises:
        Fault: the API does not come.
    """
    (place, port), deadline = _PLACES[service](), Deadline.after(_WAIT_S)
    while ask(place, port, "GET", "/", None, {}, _CALL_S)[0] not in _ANSWERS:
        if deadline.over():
            raise Fault(f"{service}'s API at {place} does not answer after {_WAIT_S:.0f} s")
        deadline.pause(_POLL_S)
    patience = Deadline.after(_PATIENCE_S)
    while service in _GIVES_WAY and is_busy() and not patience.over():
        patience.pause(_LOOK_S)


def main(arguments: list[str]) -> int:
    """Returns the exit status, when the program cannot be started."""
    if len(arguments) < 2 or arguments[0] not in _PLACES:
        print(f"usage: await_api {'|'.join(_PLACES)} COMMAND...", file=sys.stderr)
        return 2
    service, *command = arguments
    return guarded(lambda: _start(service, command))


def _start(service: str, command: list[str]) -> None:
    await_api(service)
    os.execv(command[0], command)  # noqa: S606 - the unit's own words


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

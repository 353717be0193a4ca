"""Runs a list of commands for the operator: `python3 -m piston_iac.node_programs.ceph_call look|change`.

In: {"name", "key", "timeout_s", "commands": [{"to": "mon" | "mgr", "command": {"prefix", ...}, "input"}]}.
Out: {"answers": [{"code", "output", "status"}]}, in that order; `change` ends with the first that failed.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from piston_iac.deadline import Deadline
from piston_iac.node_programs.ceph_request import Call, Command, parse_call, refusal, shown
from piston_iac.node_programs.cluster import Cluster, connected
from piston_iac.node_programs.program import Answer, Fault, converse, leave

_LAST_WORDS_S = 1.0


def run(call: Call, only_look: bool) -> Answer:
    """Do all of it within the time that the caller gives.

    Raises:
        Fault: no quorum, a refused key, time is up, or a look that would change something.
    """
    if only_look and (refused := refusal(call)):
        raise Fault(refused)
    deadline = Deadline.after(call.timeout_s)

    def ask() -> list[Answer]:
        with connected(call.name, call.key, deadline) as cluster:
            return answers(call, cluster, stop_at_failure=not only_look)

    # librados waits without end for a mgr that is not there.
    return {"answers": within(deadline, ask)}


def answers(call: Call, cluster: Cluster, stop_at_failure: bool) -> list[Answer]:
    """Send the commands one after the other."""
    found: list[Answer] = []
    for command in call.commands:
        found.append(_one(cluster, command))
        if stop_at_failure and found[-1]["code"] != 0:
            break
    return found


def within(deadline: Deadline, work: Callable[[], list[Answer]]) -> list[Answer]:
    """Work in a thread of its own, and give up on it when time is up.

    Raises:
        Fault: time is up, or what the work raised.
    """
    done: list[list[Answer]] = []
    failed: list[BaseException] = []

    def body() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - handed on to the thread that waits
            failed.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    # A little longer than librados waits, which can say more of the reason.
    thread.join(deadline.left_s() + _LAST_WORDS_S)
    if failed:
        raise failed[0]
    if not done:
        raise Fault("the cluster did not answer all of it in time")
    return done[0]


def _one(cluster: Cluster, command: Command) -> Answer:
    code, output, status = cluster.ask(command.to, command.to_json(), command.text)
    return {"code": code, "output": shown(command, output), "status": status}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments not in (["look"], ["change"]):
        print("usage: ceph_call look|change", file=sys.stderr)
        return 2
    return converse(parse_call, lambda call: run(call, only_look=arguments == ["look"]))


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

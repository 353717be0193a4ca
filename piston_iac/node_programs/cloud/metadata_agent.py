"""Starts this node's metadata agent once OVN knows the node: `python3 -m ...cloud.metadata_agent run`.

The agent that finds no database, or not its node in there, says so once, and does nothing from then on but
look as if it worked. So it is started when both are there; systemd goes on trying.
"""

from __future__ import annotations

import os
import sys

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_programs.program import Fault, guarded, leave

_AGENT = ("-m", "piston_iac.node_programs.cloud.own_privileges", "neutron-ovn-metadata-agent")
_WAIT_S, _POLL_S = 300.0, 3.0
_ASK_S = "--timeout=5"


def is_known() -> bool:
    """Whether OVN's southbound database has this node."""
    try:
        node, remotes = _setting("system-id"), _setting("ovn-remote")
        found = run(
            "ovn-sbctl",
            _ASK_S,
            "--no-leader-only",
            f"--db={remotes}",
            "--bare",
            "--columns=name",
            "find",
            "Chassis_Private",
            f"name={node}",
        )
    except ToolFailed:
        return False
    return bool(found.strip())


def _setting(name: str) -> str:
    return run("ovs-vsctl", _ASK_S, "get", "Open_vSwitch", ".", f"external_ids:{name}").strip().strip('"')


def start() -> None:
    """Wait, and become the agent.

    Raises:
        Fault: OVN does not come to know this node.
    """
    deadline = Deadline.after(_WAIT_S)
    while not is_known():
        if deadline.over():
            raise Fault("OVN's southbound database does not answer, or does not know this node yet")
        deadline.pause(_POLL_S)
    words = [sys.executable, *_AGENT, "--config-file", layout.METADATA_CONF]
    os.execv(sys.executable, words)  # noqa: S606 - a fixed list


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["run"]:
        print("usage: metadata_agent run", file=sys.stderr)
        return 2
    return guarded(start)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

"""Stops all of Ceph on this node: `python3 -m piston_iac.node_programs.ceph_stop all`.

In: {}. Out: {"stopped": [units]}. OSDs first: they tell the mons that they go.
"""

from __future__ import annotations

import json
import sys

from piston_iac.node_agent.tools import run
from piston_iac.node_programs.program import Answer, converse

_PATTERNS = ("piston-osd@*.service", "ceph-mgr@*.service", "ceph-mon@*.service")
_LIMIT_S = 50.0


def stop_all() -> Answer:
    """Stop whatever runs.

    Raises:
        ToolFailed: systemd refused.
    """
    stopped: list[str] = []
    for pattern in _PATTERNS:
        listed = json.loads(run("systemctl", "list-units", "--output=json", "--all", pattern))
        units = [entry["unit"] for entry in listed if entry["active"] != "inactive"]
        if units:
            run("systemctl", "stop", *units, limit_s=_LIMIT_S)
            stopped += units
    return {"stopped": stopped}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["all"]:
        print("usage: ceph_stop all", file=sys.stderr)
        return 2
    return converse(dict, lambda _: stop_all())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Starts this node's object store: `python3 -m piston_iac.node_programs.cloud.rgw run`.

Its zone, which says in which pools it keeps what, is in the cluster storage. Where it is missing or another
one, it is written first: a store that starts without makes pools of its own. All hosts write the same.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_programs.program import guarded, leave

_SERVER = "/usr/bin/radosgw"
_WAY = ("--conf", layout.RGW_CONF, "--name", layout.RGW_ENTITY)
_ZONE = ("--rgw-zone", "default")


def differs(wanted: dict[str, Any], seen: dict[str, Any]) -> bool:
    """Whether a zone is another one than wanted, in what the wanted one says. Pure."""
    return any(seen.get(name) != value for name, value in wanted.items() if name != "id")


def prepare() -> None:
    """Write the zone where it is not as wanted.

    Raises:
        ToolFailed: the cluster storage does not answer, or refuses.
    """
    wanted = json.loads(Path(layout.RGW_ZONE).read_text())
    try:
        seen = json.loads(run("radosgw-admin", *_WAY, "zone", "get", *_ZONE))
    except (ToolFailed, ValueError):
        seen = {}
    if differs(wanted, seen):
        run("radosgw-admin", *_WAY, "zone", "set", *_ZONE, f"--infile={layout.RGW_ZONE}")


def start() -> None:
    """Prepare, and become the server.

    Raises:
        ToolFailed: see `prepare`.
    """
    prepare()
    os.execv(_SERVER, [_SERVER, "-f", *_WAY])  # noqa: S606 - a fixed list


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["run"]:
        print("usage: rgw run", file=sys.stderr)
        return 2
    return guarded(start)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

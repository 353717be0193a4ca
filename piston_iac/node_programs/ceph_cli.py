"""Runs Ceph's own command line for the operator: `python3 -m piston_iac.node_programs.ceph_cli`.

In: {"name", "key", "tool", "arguments": [...], "input"}. Out: what the tool printed, as it is. The exit
status is the tool's. The key is a keyring in memory that the tool reads through a descriptor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from piston_iac.node_programs.mon_store import Entity, in_memory, keyring
from piston_iac.node_programs.program import leave
from piston_iac.trust.secret import Secret

_TOOLS = ("ceph", "rados", "rbd")
_MISUSED = 2


def main(request: str) -> int:
    """Run the tool; returns its exit status."""
    asked = json.loads(request)
    if asked["tool"] not in _TOOLS:
        print(f"the tools are {', '.join(_TOOLS)}", file=sys.stderr)
        return _MISUSED
    text = keyring({asked["name"]: Entity(Secret(asked["key"]), {})})
    with in_memory("keyring", text.encode()) as key_fd:
        who = ("--name", asked["name"], "--keyring", f"/dev/fd/{key_fd}")
        done = subprocess.run(
            [asked["tool"], *who, *asked["arguments"]],
            input=asked.get("input", "").encode(),
            pass_fds=(key_fd,),
            env={**os.environ, "LC_ALL": "C", "HOME": "/"},
            check=False,
        )
    return done.returncode


if __name__ == "__main__":
    leave(main(sys.stdin.read()))

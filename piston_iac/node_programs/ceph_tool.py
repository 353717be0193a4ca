"""How the programs run Ceph's own tools: as Ceph's user, of their errors only the last lines.

Their arguments never hold a key; keys come by descriptors.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from piston_iac.node_agent.tools import ToolFailed

USER = "ceph"
_LIMIT_S = 120.0
_LINES = 2
# What they tell on standard error while all goes well is thousands of lines of RocksDB's.
_QUIET = ("--debug_rocksdb", "0", "--debug_bluestore", "0/0", "--debug_bluefs", "0/0", "--debug_bdev", "0/0")
_DAEMONS = ("ceph-mon", "ceph-osd")


def ceph_tool(tool: str, *words: str, pass_fds: Sequence[int] = (), limit_s: float = _LIMIT_S) -> str:
    """Run one of Ceph's tools and return what it printed.

    Args:
        pass_fds: descriptors that it gets, named in `words` as `/dev/fd/<number>`.
    Raises:
        ToolFailed: it is not there, took too long or ended with an error.
    """
    quiet = _QUIET if tool in _DAEMONS else ()
    try:
        done = subprocess.run(
            [tool, *words, *quiet],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            user=USER,
            group=USER,
            extra_groups=[],
            cwd="/",
            pass_fds=pass_fds,
            timeout=limit_s,
            env={**os.environ, "LC_ALL": "C", "HOME": "/"},
            check=False,
        )
    except FileNotFoundError:
        raise ToolFailed(f"{tool} is not in this image") from None
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"{tool} took longer than {limit_s:g} s") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").splitlines()
        last = [line.strip() for line in said if line.strip()][-_LINES:]
        raise ToolFailed(f"{tool} {words[0]}: {' / '.join(last) or done.returncode}")
    return done.stdout.decode(errors="replace")

"""How the agent runs other programs: one function, no shell, a time limit, the C locale."""

from __future__ import annotations

import os
import subprocess

_LIMIT_S = 60.0
_LINES = 3


class ToolFailed(Exception):
    """A program ended with an error or took too long. The text is one line and holds no secret."""


def run(*command: str, check: bool = True, limit_s: float = _LIMIT_S) -> str:
    """Run a program and return what it printed.

    Args:
        command: program and arguments; never a secret, others can see them.
        check: raise when it ends with an error; else its output counts whatever the status.
        limit_s: how long it may take, seconds.
    Raises:
        ToolFailed: it is not there, took too long or ended with an error.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=limit_s,
            env=environment,
        )
    except FileNotFoundError:
        raise ToolFailed(f"{command[0]} is not in this image") from None
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"{' '.join(command[:3])} took longer than {limit_s:.0f} s") from None
    if check and done.returncode != 0:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise ToolFailed(f"{' '.join(command[:3])}: {' / '.join(said[-_LINES:]) or done.returncode}")
    return done.stdout

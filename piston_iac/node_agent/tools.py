"""How the agent runs other programs: one function, no shell, a time limit, the C locale."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

_LIMIT_S = 60.0
_LINES = 3
_LAST_WORDS_S = 0.2


class ToolFailed(Exception):
    """A program ended with an error or took too long. The text is one line and holds no secret."""


def run(*command: str, check: bool = True, limit_s: float = _LIMIT_S, stdin: str = "") -> str:
    """Run a program and return what it printed.

    Args:
        command: program and arguments; never a secret, others can see them.
        check: raise when it ends with an error; else its output counts whatever the status.
        limit_s: how long it may take, seconds.
        stdin: what it reads.
    Raises:
        ToolFailed: it is not there, took too long or ended with an error.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)
    except FileNotFoundError:
        raise ToolFailed(f"{command[0]} is not in this image") from None
    try:
        output, errors = process.communicate(stdin, timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        # One that hangs in the kernel, as on a failed disk, does not even end when killed: do not wait.
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_LAST_WORDS_S)
        raise ToolFailed(f"{' '.join(command[:3])} took longer than {limit_s:g} s") from None
    if check and process.returncode != 0:
        said = [line.strip() for line in (errors or output).splitlines() if line.strip()]
        raise ToolFailed(f"{' '.join(command[:3])}: {' / '.join(said[-_LINES:]) or process.returncode}")
    return output

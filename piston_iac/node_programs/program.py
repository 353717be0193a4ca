"""What all programs share: JSON in, JSON out, one line for the operator when something is wrong.

Exit status 0: done. 1: a fault, and the last line on standard error says which.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from piston_iac.deadline import Deadline
from piston_iac.node_agent.tools import ToolFailed

Request = Mapping[str, Any]
Answer = dict[str, Any]
Parsed = TypeVar("Parsed")

_FAULT = 1
_LOCK = Path("/run/piston-ceph.lock")
_POLL_S = 0.2
_PATIENCE_S = 30.0


class Fault(Exception):
    """Why it cannot be done, in one line. Who called knows the node and the action, and adds them."""


def converse(parse: Callable[[Request], Parsed], act: Callable[[Parsed], Answer]) -> int:
    """Read a request, act on it, print the answer. Returns the exit status.

    Args:
        parse: reads the request; KeyError, TypeError and ValueError mean that it does not fit.
    """

    def whole() -> None:
        try:
            request = json.load(sys.stdin)
        except ValueError:
            raise Fault("the request is not JSON") from None
        if not isinstance(request, dict):
            raise Fault("the request is no JSON object")
        try:
            parsed = parse(request)
        except (KeyError, TypeError, ValueError) as error:
            # Only the kind and the name of a field: a value may be a key.
            named = f" {error}" if isinstance(error, KeyError) else ""
            raise Fault(f"the request does not fit this image ({type(error).__name__}{named})") from error
        print(json.dumps(act(parsed), separators=(",", ":")))

    return guarded(whole)


def guarded(action: Callable[[], None], status: int = _FAULT, mark: str = "") -> int:
    """Act; a fault becomes one line on standard error, after `mark`, and the exit status given."""
    try:
        action()
    except (Fault, ToolFailed, OSError) as error:
        print(" ".join(f"{mark} {error}".split()), file=sys.stderr)
        return status
    return 0


def leave(status: int) -> None:
    """End this process at once: a thread that still waits for the cluster would hold it up."""
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


@contextmanager
def alone(lock: Path = _LOCK, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Only one program changes this node's stores at a time: another may still run, its caller gone.

    Raises:
        Fault: the other one takes longer than `patience_s`.
    """
    deadline = Deadline.after(patience_s)
    with lock.open("w") as stream:
        while not _taken(stream.fileno()):
            if deadline.over():
                raise Fault("another program still works on this node's stores")
            deadline.pause(_POLL_S)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

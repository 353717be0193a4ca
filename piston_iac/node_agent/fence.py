"""Keeps out whoever had its turn at the change gate before somebody else: it slept, and woke late."""

from __future__ import annotations

import threading
from pathlib import Path

from piston_iac.node_agent.files import write_atomically


class Fence:
    """The newest token of the gate that this node has seen in this boot, kept in `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._newest = int(path.read_text()) if path.exists() else 0

    def lets_in(self, token: int | None) -> bool:
        """Whether a request with this token may change something. One without needs no turn."""
        if token is None:
            return True
        with self._lock:
            if token > self._newest:
                write_atomically(self._path, str(token).encode(), 0o600)
                self._newest = token
            return token == self._newest

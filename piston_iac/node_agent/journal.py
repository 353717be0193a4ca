"""What the agent changed in this boot: one line of JSON for each change, kept in memory only."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any


class Journal:
    """Appends to a file that a restart of the agent does not lose and a power cycle does.

    Args:
        path: the file, below /run.
        now: the time, UTC.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._writes = len(path.read_text().splitlines())

    @property
    def writes(self) -> int:
        """How many changes there were."""
        return self._writes

    def add(self, what: str) -> None:
        """Note one change that was made. `what` holds no secret."""
        line = json.dumps({"at": self._now().isoformat(timespec="milliseconds"), "what": what})
        with self._lock, self._path.open("a") as stream:
            stream.write(line + "\n")
            self._writes += 1

    def entries(self, last: int = 500) -> list[dict[str, Any]]:
        """The last changes, oldest first."""
        with self._lock:
            lines = self._path.read_text().splitlines()
        return [json.loads(line) for line in lines[-last:]]

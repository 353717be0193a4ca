"""The journal: one line for each accepted write that changed something.

Its length is what the operator's tests count to see that a second run wrote nothing, so a request
that changes nothing must not come here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Journal:
    """Appends to a file of JSON lines and knows how many there are.

    Args:
        path: the file; made when missing.
        now: wall-clock time for the lines.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now
        self.writes = self._recover()

    def _recover(self) -> int:
        """Drop the last line when a power cut tore it; return how many lines are whole."""
        if not self._path.exists():
            return 0
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(self._path, len(whole))
        return whole.count(b"\n")

    def wrote(self, who: str, what: str) -> None:
        """Add a line, durably. `what` names the thing changed, never a secret."""
        line = json.dumps({"at": self._now().isoformat(timespec="seconds"), "who": who, "what": what})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.writes += 1

    def entries(self, last: int = 1000) -> list[dict[str, Any]]:
        """The last lines as plain data (`at`, `who`, `what`), oldest first."""
        if not self._path.exists():
            return []
        content = self._path.read_text(encoding="utf-8")
        # A line may be being written right now.
        whole = content[: content.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines()[-last:]]

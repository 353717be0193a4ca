"""Sealed node documents: ciphertext for one node each, kept as files. Nothing here can read them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from piston_iac.boot_node.store import ASIDE, remove, write_atomically


class Documents:
    """One file a node in `directory`; digests are held in memory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, exist_ok=True)
        for torn in directory.glob(f"*{ASIDE}"):
            torn.unlink()
        self._digests = {path.name: _digest(path.read_bytes()) for path in directory.iterdir()}

    def digests(self) -> dict[str, str]:
        """SHA-256 of each node's sealed bytes, hexadecimal."""
        return dict(self._digests)

    def get(self, node: str) -> bytes | None:
        """A node's sealed document."""
        return (self._directory / node).read_bytes() if node in self._digests else None

    def put(self, node: str, sealed: bytes) -> bool:
        """Replace; False when these very bytes were there."""
        digest = _digest(sealed)
        if self._digests.get(node) == digest:
            return False
        write_atomically(self._directory / node, sealed)
        self._digests[node] = digest
        return True

    def delete(self, node: str) -> bool:
        """Remove; False when there was none."""
        if self._digests.pop(node, None) is None:
            return False
        remove(self._directory / node)
        return True


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

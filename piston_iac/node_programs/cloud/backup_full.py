"""The full copy on its way into the storage: packed, cut, hashed. One part of it is in memory."""

from __future__ import annotations

import hashlib
import zlib

from piston_iac.node_programs.cloud.backup_chain import PART_BYTES
from piston_iac.node_programs.cloud.backup_store import Store

_SPEED = 1


class Full:
    """One full copy. `parts`, `stored_bytes`, `digest`: of what is stored; `full_bytes`: unpacked."""

    def __init__(self, store: Store, chain: str) -> None:
        self._store, self._chain = store, chain
        self._pack = zlib.compressobj(_SPEED)
        self._waiting = bytearray()
        self.digest = hashlib.sha256()
        self.parts = self.stored_bytes = self.full_bytes = 0

    def add(self, block: bytes) -> None:
        """Take the next block of the stream."""
        self.full_bytes += len(block)
        self._waiting += self._pack.compress(block)
        while len(self._waiting) >= PART_BYTES:
            self._put(bytes(self._waiting[:PART_BYTES]))
            del self._waiting[:PART_BYTES]

    def end(self) -> None:
        """That was all."""
        self._waiting += self._pack.flush()
        for start in range(0, len(self._waiting), PART_BYTES):
            self._put(bytes(self._waiting[start : start + PART_BYTES]))
        self._waiting.clear()

    def _put(self, content: bytes) -> None:
        self._store.put_part(self._chain, self.parts, content)
        self.digest.update(content)
        self.parts += 1
        self.stored_bytes += len(content)

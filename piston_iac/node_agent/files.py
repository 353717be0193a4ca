"""Files: what is there, and how one is replaced so that nobody ever sees half of it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SeenFile:
    """A file as it is: SHA-256 of its content and its mode bits; empty and 0 when it is not there."""

    digest: str
    mode: int


def see_file(path: Path) -> SeenFile:
    """Look at one file."""
    try:
        content = path.read_bytes()
        return SeenFile(hashlib.sha256(content).hexdigest(), path.stat().st_mode & 0o7777)
    except OSError:
        return SeenFile("", 0)


def write_atomically(path: Path, content: bytes, mode: int) -> None:
    """Replace a file: a crash leaves the old or the new one. Its directory is made when missing.

    Raises:
        OSError: the file system refused.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.piston-new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        aside.rename(path)
    finally:
        aside.unlink(missing_ok=True)

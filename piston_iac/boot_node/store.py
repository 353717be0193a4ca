"""Files that survive a power cut: written aside, flushed, renamed into place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

ASIDE = ".aside"


def flush_directory(path: Path) -> None:
    """Make renames and removals in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file's content: after a power cut it holds the old or the new bytes, never a part."""
    aside = path.with_name(path.name + ASIDE)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    flush_directory(path.parent)


def remove(path: Path) -> None:
    """Remove a file for good, if it is there."""
    path.unlink(missing_ok=True)
    flush_directory(path.parent)


def write_json(path: Path, value: object) -> None:
    """Replace a file by a value as JSON."""
    write_atomically(path, json.dumps(value, sort_keys=True, indent=1).encode() + b"\n")


def read_json(path: Path) -> Any:
    """The value in a JSON file; None when there is no file.

    Raises:
        ValueError: the file does not hold JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None

"""Files: what is there, and how one is replaced so that nobody ever sees half of it."""

from __future__ import annotations

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_document import File

# Whatever this agent makes is root's.
_AGENT = "root"


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


def write_file(file: File) -> None:
    """Write a file of the document.

    Raises:
        ToolFailed: the image has no such user.
        OSError: the file system refused.
    """
    owner = None if file.owner == _AGENT else _owner(file.owner)
    write_atomically(Path(file.path), file.content.encode(), int(file.mode, 8), owner)


def write_atomically(path: Path, content: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace a file: a crash leaves the old or the new one. Its directory is made when missing.

    Args:
        owner: user and group, as numbers; None leaves the file to whoever runs this.
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
            if owner is not None:
                os.fchown(stream.fileno(), *owner)
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        aside.rename(path)
        _flush_directory(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _flush_directory(path: Path) -> None:
    """Make the new name durable: a node's identity is kept this way, and lost with the power else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _owner(name: str) -> tuple[int, int]:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise ToolFailed(f"this image has no user {name}") from None
    return user.pw_uid, user.pw_gid

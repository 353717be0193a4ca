"""A mon store on its way between nodes: a tar stream that ends with the list of OSDs whose maps are in it.

The list comes last, so a stream that was cut short has none and is refused.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, cast

from piston_iac import ceph_layout
from piston_iac.node_programs.program import Fault


def pack(store: Path, osds: Sequence[int], stream: IO[bytes]) -> None:
    """Write a store and the numbers of its OSDs to a stream."""
    listed = json.dumps(sorted(osds)).encode()
    with tarfile.open(fileobj=stream, mode="w|") as tar:
        for path in sorted(store.rglob("*")):
            if path.is_file() and not path.is_symlink():
                tar.add(path, arcname=str(path.relative_to(store)), recursive=False)
        entry = tarfile.TarInfo(ceph_layout.COLLECTED)
        entry.size = len(listed)
        tar.addfile(entry, io.BytesIO(listed))


def unpack(stream: IO[bytes], store: Path, owner: tuple[int, int]) -> list[int]:
    """Read a store from a stream into a directory that is there; returns the numbers of its OSDs.

    An empty stream is an empty store.

    Args:
        owner: user and group of all that is made, as numbers.
    Raises:
        Fault: it is no store, or it is cut short.
    """
    first = stream.read(tarfile.BLOCKSIZE)
    if not first:
        return []
    osds: list[int] | None = None
    try:
        with tarfile.open(fileobj=cast(IO[bytes], _Rest(first, stream)), mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise Fault(f"{member.name!r} is no plain file: this is no mon store")
                if member.name == ceph_layout.COLLECTED:
                    osds = [int(number) for number in json.load(content)]
                else:
                    _write(_inside(store, member.name), content, store, owner)
    except (tarfile.TarError, ValueError) as error:
        raise Fault(f"the mon store that was sent cannot be read: {error}") from None
    if osds is None:
        raise Fault("the mon store that was sent is cut short")
    return osds


class _Rest:
    """A stream of which the beginning was taken already."""

    def __init__(self, taken: bytes, rest: IO[bytes]) -> None:
        self._taken = taken
        self._rest = rest

    def read(self, size: int) -> bytes:
        """Read on; fewer bytes than asked for only at the end."""
        begin, self._taken = self._taken[:size], self._taken[size:]
        return begin + self._rest.read(size - len(begin))


def _inside(store: Path, name: str) -> Path:
    """Where a member goes. What a node sends is not trusted to stay inside."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise Fault(f"{name!r} is outside of a mon store")
    return store.joinpath(*parts)


def _write(path: Path, content: IO[bytes], store: Path, owner: tuple[int, int]) -> None:
    missing = [it for it in path.parents if it.is_relative_to(store) and not it.exists()]
    for directory in reversed(missing):
        directory.mkdir(mode=0o700)
        os.chown(directory, *owner)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchown(stream.fileno(), *owner)
        shutil.copyfileobj(content, stream)

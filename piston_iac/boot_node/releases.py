"""Releases on disk: what is there, byte for byte, and how new files get there.

Two places: the CloudKey's (read only) and the data directory's, which wins file by file. Digests are
those of the bytes on disk now. They are remembered by inode, size, mtime and ctime, so a file that
anybody altered shows at the next look while an untouched one is read once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from piston_iac.boot_node.answers import Refused
from piston_iac.boot_node.settings import is_file_name
from piston_iac.boot_node.store import flush_directory

MANIFEST = "manifest.json"
_READ_BYTES = 1 << 20
_FLUSH_BYTES = 32 << 20


@dataclass(frozen=True)
class StoredFile:
    """A file's digest (SHA-256, hexadecimal) and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Release:
    """Files of a release. `complete`: all that its manifest lists are there with those digests."""

    complete: bool
    files: dict[str, StoredFile]


@dataclass
class Upload:
    """A file on its way in: bytes go to `path`, which becomes the real one only when they are right."""

    path: Path
    descriptor: int
    size: int = 0
    flushed: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, chunk: bytes) -> None:
        """Add bytes. Blocks on the disk."""
        view = memoryview(chunk)
        self.digest.update(view)
        self.size += len(view)
        while view:
            view = view[os.write(self.descriptor, view) :]
        # Flushed on the way, so that the last flush of a large image on a USB stick is short.
        if self.size - self.flushed >= _FLUSH_BYTES:
            os.fdatasync(self.descriptor)
            self.flushed = self.size


class Releases:
    """The release directories. Methods block on the disk: call them from a thread."""

    def __init__(self, data: Path, cloudkey: Path) -> None:
        self._own = data / "releases"
        self._cloudkey = cloudkey / "releases"
        self._uploads = data / "uploads"
        self._own.mkdir(exist_ok=True)
        # Uploads and half-deleted releases that a power cut left.
        shutil.rmtree(self._uploads, ignore_errors=True)
        self._uploads.mkdir()
        self._known: dict[tuple[int, int, int, int, int], str] = {}
        # One reader at a time: two looks at a new image must not read it twice.
        self._reading = threading.Lock()

    def path(self, release: str, name: str) -> Path | None:
        """Where a file is to be read from; None when there is none."""
        if not (is_file_name(release) and is_file_name(name)):
            return None
        places = (root / release / name for root in (self._own, self._cloudkey))
        return next((path for path in places if path.is_file()), None)

    def all(self) -> dict[str, Release]:
        """Every release as it is on disk now."""
        with self._reading:
            return {name: self._look(name) for name in sorted(set(self._names()))}

    def _names(self) -> Iterator[str]:
        for root in (self._own, self._cloudkey):
            if root.is_dir():
                yield from (path.name for path in root.iterdir() if path.is_dir() and is_file_name(path.name))

    def _look(self, release: str) -> Release:
        names: set[str] = set()
        for root in (self._own, self._cloudkey):
            if (root / release).is_dir():
                names |= {path.name for path in (root / release).iterdir()}
        paths = {name: self.path(release, name) for name in sorted(names)}
        files: dict[str, StoredFile] = {}
        for name, path in paths.items():
            # A file may vanish while we look; then it is not there.
            with suppress(FileNotFoundError):
                if path is not None:
                    files[name] = self._stored(path)
        return Release(self._is_complete(release, files), files)

    def _stored(self, path: Path) -> StoredFile:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            key = _identity(found)
            if key not in self._known:
                digest = hashlib.sha256()
                while chunk := file.read(_READ_BYTES):
                    digest.update(chunk)
                self._known[key] = digest.hexdigest()
            return StoredFile(self._known[key], found.st_size)

    def _is_complete(self, release: str, files: dict[str, StoredFile]) -> bool:
        path = self.path(release, MANIFEST)
        try:
            listed = json.loads(path.read_bytes())["files"] if path else {}
            wanted = {name: StoredFile(entry["sha256"], entry["size"]) for name, entry in listed.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
        return bool(wanted) and all(files.get(name) == entry for name, entry in wanted.items())

    def begin(self, release: str, name: str) -> Upload:
        """Start an upload.

        Raises:
            Refused: 400, a name that is not one safe path element.
        """
        if not (is_file_name(release) and is_file_name(name)):
            raise Refused(HTTPStatus.BAD_REQUEST, "release and file names are letters, digits, dot and dash")
        descriptor, path = mkstemp(dir=self._uploads)
        return Upload(Path(path), descriptor)

    def finish(self, upload: Upload, release: str, name: str, sha256: str) -> bool:
        """Verify and move into place; False when these very bytes were there already.

        Raises:
            Refused: 422, other bytes arrived than promised; nothing is left of them.
        """
        os.fsync(upload.descriptor)
        os.fchmod(upload.descriptor, 0o644)
        found = StoredFile(upload.digest.hexdigest(), upload.size)
        if found.sha256 != sha256:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"{release}/{name} arrived with SHA-256 {found.sha256}, promised was {sha256}",
            )
        with self._reading:
            target = self._own / release / name
            before = self.path(release, name)
            same = before is not None and self._stored(before) == found
            if same:
                return False
            target.parent.mkdir(exist_ok=True)
            upload.path.replace(target)
            flush_directory(target.parent)
            flush_directory(self._own)
            self._known[_identity(target.stat())] = found.sha256
        return True

    def drop(self, upload: Upload) -> None:
        """End an upload, finished or not."""
        os.close(upload.descriptor)
        upload.path.unlink(missing_ok=True)

    def delete(self, release: str) -> bool:
        """Remove a release from the data directory; False when it was not there.

        Raises:
            Refused: 409, only the CloudKey has it, and that is read only.
        """
        own = self._own / release
        with self._reading:
            if not is_file_name(release) or not own.is_dir():
                if is_file_name(release) and (self._cloudkey / release).is_dir():
                    raise Refused(
                        HTTPStatus.CONFLICT, f"release {release} is on the CloudKey, which is read only"
                    )
                return False
            # Renamed first: a power cut in the middle must not leave half a release in sight.
            aside = self._uploads / release
            own.rename(aside)
            flush_directory(self._own)
            shutil.rmtree(aside)
        return True


def _identity(found: os.stat_result) -> tuple[int, int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

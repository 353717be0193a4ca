"""The copy of what this node booted, on its local mirror: where the network gives nothing, that is started.

    boot/current.json              {"release", "sha256", "arguments"}: what to start, and the kernel arguments
    boot/<release>/root.squashfs   the image; the release before stays too

Whoever starts it verifies the digest again. Here nothing gets its final name before its digest was seen to
be the one of the kernel command line, and `current.json` never names an image that is not there yet.

A program of its own, so that it can run at the lowest priority beside the agent:
`python3 -m piston_iac.node_agent.boot_copy <mirror>`. It prints one line when it changed something.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO

from piston_iac.node_agent.boot_arguments import COMMAND_LINE
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.identity import is_mounted
from piston_iac.node_agent.tools import ToolFailed, run

_IMAGE = "root.squashfs"
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Words that a boot loader adds for itself; the next one adds its own.
_LOADERS_OWN = ("BOOT_IMAGE=", "initrd=")
_CHUNK_BYTES = 1 << 20
_FLUSH_BYTES = 32 << 20
# The largest image that is believed: what comes in by HTTP must not fill the mirror.
_MOST_BYTES = 4 << 30
_SILENCE_S = 15.0
# There is no hurry, and nodes that boot, Ceph and guests need the network and the disks more.
_DOWNLOAD_BYTES_PER_S = 8 << 20
_VERIFY_BYTES_PER_S = 64 << 20
_LOWEST = 19

Fetch = Callable[[str], Iterable[bytes]]
Pace = Callable[[Iterable[bytes], int], Iterator[bytes]]


class CopyFailed(Exception):
    """There is no whole copy. The text is one line; a later attempt may do better."""


@dataclass(frozen=True)
class BootSource:
    """What this node booted: `arguments` is its kernel command line, `url` where the image came from."""

    release: str
    sha256: str
    url: str
    arguments: str


def parse_source(command_line: str) -> BootSource | None:
    """Read the kernel command line; None when it names no image that could be kept. Pure."""
    words = [word for word in command_line.split() if not word.startswith(_LOADERS_OWN)]
    said = dict(word.partition("=")[::2] for word in words)
    release, sha256, url = (said.get(f"piston.{name}", "") for name in ("release", "sha256", "image"))
    if not (_RELEASE.fullmatch(release) and sha256 and url.startswith("http://")):
        return None
    return BootSource(release, sha256.lower(), url, " ".join(words))


def paced(
    chunks: Iterable[bytes],
    bytes_per_s: int,
    now_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[bytes]:
    """The same bytes, on average no faster than that."""
    started_s, size = now_s(), 0
    for chunk in chunks:
        yield chunk
        size += len(chunk)
        ahead_s = size / bytes_per_s - (now_s() - started_s)
        if ahead_s > 0:
            sleep(ahead_s)


def fetch(url: str) -> Iterator[bytes]:
    """The bytes behind an http:// URL.

    Raises:
        CopyFailed: no answer, or not a good one.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_SILENCE_S) as answer:
            while chunk := answer.read(_CHUNK_BYTES):
                yield chunk
    except (OSError, HTTPException) as error:
        raise CopyFailed(f"{url} does not come: {error}") from error


def keep_copy(mirror: Path, source: BootSource, get: Fetch = fetch, pace: Pace = paced) -> bool:
    """Make sure that the mirror holds a whole copy; False when it did. Two releases are kept.

    Raises:
        CopyFailed: nothing came, or other bytes than were promised, or too many.
        OSError: the mirror refused.
    """
    boot = mirror / "boot"
    image = boot / source.release / _IMAGE
    image.parent.mkdir(parents=True, exist_ok=True)
    before = _current(boot)
    changed = False
    if _digest(image, pace) != source.sha256:
        _store(image, source.sha256, pace(get(source.url), _DOWNLOAD_BYTES_PER_S))
        changed = True
    wanted = {"release": source.release, "sha256": source.sha256, "arguments": source.arguments}
    if before != wanted:
        # The image first, for good: what comes now names it.
        _flush_directory(image.parent)
        write_atomically(boot / "current.json", f"{json.dumps(wanted, sort_keys=True)}\n".encode(), 0o644)
        changed = True
    if changed:
        _commit(boot)
    if before.get("release") != source.release:
        _forget_others(boot, {source.release, before.get("release", "")})
    return changed


def _current(boot: Path) -> dict[str, str]:
    """What `current.json` says; empty when it says nothing that can be read."""
    try:
        found = json.loads((boot / "current.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(image: Path, pace: Pace) -> str:
    """SHA-256 of the image that is there; empty when there is none or it cannot be read."""
    digest = hashlib.sha256()
    try:
        with image.open("rb") as file:
            for chunk in pace(iter(lambda: file.read(_CHUNK_BYTES), b""), _VERIFY_BYTES_PER_S):
                digest.update(chunk)
            _forget_pages(file.fileno())
    except OSError:
        return ""
    return digest.hexdigest()


def _store(image: Path, sha256: str, chunks: Iterable[bytes]) -> None:
    """Write what comes next to the image's name; give it that name when its digest is right."""
    aside = image.with_name(f".{image.name}.piston-new")
    digest, size, flushed = hashlib.sha256(), 0, 0
    try:
        with aside.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise CopyFailed(f"the image does not end after {_MOST_BYTES} bytes")
                digest.update(chunk)
                file.write(chunk)
                # Piece by piece: one large flush would hold up everybody else's.
                if size - flushed >= _FLUSH_BYTES:
                    _flush(file)
                    flushed = size
            if digest.hexdigest() != sha256:
                raise CopyFailed(f"the image came with SHA-256 {digest.hexdigest()}, not {sha256}")
            os.fchmod(file.fileno(), 0o644)
            _flush(file)
        aside.replace(image)
    finally:
        aside.unlink(missing_ok=True)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    _forget_pages(file.fileno())


def _forget_pages(descriptor: int) -> None:
    """The image is not read again for long: its pages in memory are better used by others."""
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _forget_others(boot: Path, kept: set[str]) -> None:
    for path in boot.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path)


def _flush_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _commit(path: Path) -> None:
    """Get the whole file system onto its disks: fsync writes a log, and a boot loader reads none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(descriptor)


def main(mirror: Path) -> int:
    """Keep the copy of this boot on the mirror that is mounted there; without one it would be in memory."""
    source = parse_source(COMMAND_LINE.read_text())
    if source is None:
        return 0
    try:
        if not is_mounted(mirror):
            raise CopyFailed("it is not mounted")
        os.nice(_LOWEST)
        run("ionice", "-c", "3", "-p", str(os.getpid()))
        if keep_copy(mirror, source):
            print(f"release {source.release} is kept on the local mirror, to boot without the boot node")
    except (CopyFailed, OSError, ToolFailed) as error:
        print(f"no copy of release {source.release} on the local mirror yet: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

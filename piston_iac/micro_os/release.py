"""Where built releases are, and what a release directory says of itself.

A release directory holds `root.squashfs` (later also a kernel and an initrd) and `manifest.json`. The
manifest is written last: a directory without a readable one is not a release.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

RELEASE = "2026.11"
IMAGE = "root.squashfs"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ReleaseFile:
    """One file of a release: SHA-256 in hexadecimal and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What a release directory holds. `recipe` is the digest of the recipe it was built from.

    `guest`: SHA-256 of the disk that lies in it for virtual machines, hexadecimal; empty: not known.
    """

    release: str
    recipe: str
    files: dict[str, ReleaseFile]
    guest: str = ""

    def to_json(self) -> str:
        """Canonical JSON, ending in a newline."""
        return json.dumps(asdict(self), sort_keys=True, indent=2) + "\n"


def manifest_from_json(text: str) -> Manifest:
    """Read a manifest back.

    Raises:
        ValueError: it is not a manifest.
    """
    try:
        raw = json.loads(text)
        files = {name: ReleaseFile(**entry) for name, entry in raw.pop("files").items()}
        return Manifest(files=files, **raw)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a release manifest: {error}") from error


def cache_dir() -> Path:
    """The directory of everything that can be built again: `PISTON_CACHE`, else below XDG's cache."""
    if named := os.environ.get("PISTON_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "piston-iac"


def release_dir(release: str = RELEASE) -> Path:
    """The directory of one release, whether it is built or not."""
    return cache_dir() / "releases" / release


def image_path(release: str = RELEASE) -> Path:
    """The root file system of one release, whether it is built or not."""
    return release_dir(release) / IMAGE


def read_manifest(release: str = RELEASE) -> Manifest | None:
    """The manifest of a built release; None when it is not built or only half there."""
    directory = release_dir(release)
    try:
        manifest = manifest_from_json((directory / MANIFEST).read_text())
        complete = all((directory / name).stat().st_size == it.size for name, it in manifest.files.items())
    except (OSError, ValueError):
        return None
    return manifest if complete and manifest.files else None

"""Root images on this machine: one file and one loop device per digest, whatever number of nodes boots it.

A node may use the shared file only after its own firmware has downloaded the image and found the same
digest in this very boot. So equal bytes take memory once, and altered bytes never run.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from piston_iac.errors import DeviceRefused
from piston_iac.lab.loops import attach
from piston_iac.lab.settings import Lab


class DigestMismatch(DeviceRefused):
    """The downloaded bytes are not the ones that the boot script names."""


def keep_verified(
    lab: Lab, machine: str, chunks: Iterable[bytes], sha256: str, tick: Callable[[int], None]
) -> str:
    """Store what comes, verify it, and make it (or the equal file that is already there) bootable.

    Args:
        tick: called with the number of bytes so far, for the console.
    Returns:
        The loop device that holds the image, read-only.
    Raises:
        DigestMismatch: other bytes came than `sha256` promised.
    """
    lab.images.mkdir(exist_ok=True)
    own = lab.images / f"{machine}.part"
    digest, size = hashlib.sha256(), 0
    with own.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
            size += len(chunk)
            tick(size)
    if digest.hexdigest() != sha256:
        own.unlink()
        raise DigestMismatch(
            machine,
            "verify the root image",
            f"digest mismatch: expected {sha256}, got {digest.hexdigest()}",
            "Publish the release to the boot node again",
        )
    with _locked(lab.images / "lock"):
        shared = lab.images / f"{sha256}.squashfs"
        if shared.exists():
            own.unlink()
        else:
            own.rename(shared)
        return attach(shared, read_only=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""Build a release of the micro-OS into the cache, or find that it is there already.

Base and layer are joined by overlayfs in a mount namespace that ends with the build, then packed as
squashfs. Nothing half-made keeps its final name: a build that fails leaves the cache as it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.errors import SetupError
from piston_iac.micro_os.debian import check_tools, ensure_base
from piston_iac.micro_os.guest.build import digest as guest_digest
from piston_iac.micro_os.guest.build import ensure_guest
from piston_iac.micro_os.layer import freeze_times, write_layer
from piston_iac.micro_os.recipe import Recipe, load_recipe
from piston_iac.micro_os.release import (
    IMAGE,
    MANIFEST,
    RELEASE,
    Manifest,
    ReleaseFile,
    cache_dir,
    read_manifest,
    release_dir,
)

_LEVEL = "6"

# Bytecode is made before packing, by the image's own Python: nodes cannot keep any, and compiling at each
# boot costs every node a second. It is unchecked: nothing changes below it.
_COMPILE = r"""set -eu
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
chroot "$4" python3 -m compileall -q --invalidation-mode unchecked-hash /usr/lib/piston
"""
_PACK = r"""set -eu
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
mksquashfs "$4" "$5" -noappend -quiet -no-progress -comp zstd -Xcompression-level "$6" -mkfs-time 0 >&2
"""


def build(release: str = RELEASE, say: Callable[[str], None] = print) -> Manifest:
    """Make sure that the cache holds this checkout's release; build it when it does not.

    Args:
        release: the name it gets.
        say: prints one line of progress.
    Raises:
        SetupError: this machine lacks something, or a step of the build failed.
    """
    recipe = load_recipe()
    digest = release_digest(recipe)
    with _only_build(cache_dir()):
        built = read_manifest(release)
        if built and built.recipe == digest:
            return built
        check_tools()
        started = time.monotonic()
        base = ensure_base(recipe, cache_dir(), say)
        guest = ensure_guest(cache_dir(), say)
        say("micro-OS: adding our files and packing")
        with tempfile.TemporaryDirectory(prefix="build-", dir=cache_dir()) as scratch:
            image = _pack(recipe, base, guest, Path(scratch))
            manifest = Manifest(release, digest, {IMAGE: describe(image)}, describe(guest).sha256)
            _publish(image, manifest)
        size_mb = manifest.files[IMAGE].size / 1e6
        say(f"micro-OS: release {release} built, {size_mb:.0f} MB, {time.monotonic() - started:.0f} s")
        return manifest


def release_digest(recipe: Recipe) -> str:
    """SHA-256 of all that a release is made from, hexadecimal."""
    return hashlib.sha256(f"{recipe.digest()} {guest_digest()}".encode()).hexdigest()


def describe(path: Path) -> ReleaseFile:
    """Digest and size of a file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ReleaseFile(digest, path.stat().st_size)


def _pack(recipe: Recipe, base: Path, guest: Path, scratch: Path) -> Path:
    layer, work, root, image = (scratch / name for name in ("layer", "work", "root", IMAGE))
    for directory in (layer, work, root):
        directory.mkdir()
    # mkdtemp made the scratch directory 0700; the layer's own mode becomes the mode of the image's root.
    layer.chmod(0o755)
    write_layer(recipe, layer)
    inside = layer / layout.GUEST_IMAGE.lstrip("/")
    inside.parent.mkdir(parents=True)
    shutil.copyfile(guest, inside)
    overlay = [str(path) for path in (base, layer, work, root)]
    _in_namespace(_COMPILE, overlay)
    freeze_times(layer)
    _in_namespace(_PACK, [*overlay, str(image), _LEVEL])
    return image


def _in_namespace(script: str, arguments: list[str]) -> None:
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "build", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        cause = " / ".join(done.stderr.strip().splitlines()[-3:]) or f"exit status {done.returncode}"
        raise SetupError(
            "this machine", "pack the micro-OS image", cause, "Free disk space, or run it as root."
        )


def _publish(image: Path, manifest: Manifest) -> None:
    directory = release_dir(manifest.release)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MANIFEST).unlink(missing_ok=True)
    image.chmod(0o644)
    image.replace(directory / IMAGE)
    half = directory / f".{MANIFEST}.half"
    half.write_text(manifest.to_json())
    half.replace(directory / MANIFEST)


@contextmanager
def _only_build(cache: Path) -> Iterator[None]:
    """One build at a time; a second waits and then finds the first one's result. Sweeps what a kill left."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache.glob("build-*"):
            if left.is_dir():
                shutil.rmtree(left)
        yield

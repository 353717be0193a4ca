"""Builds the guest's disk image into the cache, or finds it there: a FAT partition that syslinux boots."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.micro_os.debian import extract_packages
from piston_iac.micro_os.guest.parts import FIRST_SECTOR, SECTOR, Entry, archive, boot_record

_FILES = Path(__file__).with_name("files")
_SUITE = "trixie"
_SIZE = 48 * 1024**2
_DIRECTORIES = ("bin", "dev", "etc", "lib", "proc", "root", "sys", "tmp", "www")
# syslinux finds the file that it was given by /proc.
_CHROOT = 'mkdir -p "$1/proc" && mount -t proc proc "$1/proc" && exec chroot "$@"'
_PASSWD = b"root::0:0:root:/root:/bin/sh\n"


def digest() -> str:
    """SHA-256 of what it is made from, hexadecimal."""
    parts = sorted((*_FILES.iterdir(), *Path(__file__).parent.glob("*.py")))
    return hashlib.sha256(b"".join(hashlib.sha256(it.read_bytes()).digest() for it in parts)).hexdigest()


def ensure_guest(cache: Path, say: Callable[[str], None]) -> Path:
    """The disk image; built when the cache does not hold this one yet. Others are removed.

    Args:
        say: prints one line of progress.
    Raises:
        SetupError: its packages cannot be had, or a step of the build failed.
    """
    image = cache / "guest" / f"{digest()[:16]}.raw"
    if image.exists():
        return image
    image.parent.mkdir(parents=True, exist_ok=True)
    say("guest image: taking a kernel and its tools from Debian packages")
    with tempfile.TemporaryDirectory(prefix="build-guest-", dir=cache) as scratch:
        root, half = Path(scratch) / "root", Path(scratch) / "disk.raw"
        extract_packages(_lines("packages"), _SUITE, root)
        _partition(root)
        _disk(root, half)
        for other in image.parent.iterdir():
            other.unlink()
        half.rename(image)
    return image


def _partition(root: Path) -> None:
    """`partition` below the root, with the tools that are there."""
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    shutil.copyfile(kernel, root / "vmlinuz")
    (root / "initrd.gz").write_bytes(gzip.compress(archive(_entries(root)), 9, mtime=0))
    shutil.copyfile(_FILES / "syslinux.cfg", root / "syslinux.cfg")
    with (root / "partition").open("wb") as file:
        file.truncate(_SIZE - FIRST_SECTOR * SECTOR)
    _inside(root, "mkfs.vfat", "--invariant", "-F", "16", "/partition")
    _inside(root, "mcopy", "-i", "/partition", "/vmlinuz", "/initrd.gz", "/syslinux.cfg", "::/")
    _inside(root, "syslinux", "--install", "/partition")


def _entries(root: Path) -> Iterator[Entry]:
    """What the kernel finds as its root."""
    for name in _DIRECTORIES:
        yield Entry(name)
    yield Entry("bin/busybox", (root / "usr/bin/busybox").read_bytes(), 0o755)
    yield Entry("init", (_FILES / "init").read_bytes(), 0o755)
    yield Entry("etc/udhcpc.script", (_FILES / "udhcpc.script").read_bytes(), 0o755)
    yield Entry("etc/passwd", _PASSWD)
    found = []
    for name in _lines("modules"):
        for path in root.glob(f"usr/lib/modules/*/kernel/**/{name}.ko.xz"):
            found.append(name)
            yield Entry(f"lib/{name}.ko", lzma.decompress(path.read_bytes()))
    yield Entry("lib/modules.order", "".join(f"{name}\n" for name in found).encode())


def _disk(root: Path, target: Path) -> None:
    code = (root / "usr/lib/syslinux/mbr/mbr.bin").read_bytes()
    with target.open("wb") as disk:
        disk.write(boot_record(code, _SIZE // SECTOR))
        disk.seek(FIRST_SECTOR * SECTOR)
        with (root / "partition").open("rb") as partition:
            shutil.copyfileobj(partition, disk)


def _inside(root: Path, *command: str) -> None:
    script = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _CHROOT, "build", str(root)]
    done = subprocess.run([*script, *command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        cause = " / ".join(done.stderr.strip().splitlines()[-3:]) or f"exit status {done.returncode}"
        raise SetupError("this machine", f"run {command[0]} for the guest image", cause, "Run it as root.")


def _lines(name: str) -> tuple[str, ...]:
    lines = (line.strip() for line in (_FILES / name).read_text().splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))

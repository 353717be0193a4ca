"""Where a credential of the rack could lie: files, disks, roots and journals of machines, processes."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from piston_iac.lab.power import enter_command, running
from piston_iac.lab.settings import Lab
from tests.lab.secret_search import Hit, Search

_CHUNK_BYTES = 1 << 22
SAMPLE_S = 0.05
# Of a machine's root: what the kernel makes up.
_NOT_FILES = frozenset({"proc", "sys", "dev"})
# Of a machine's root: what outlives its system.
_LASTING = frozenset({"persist"})


def files_below(directory: Path, newer_than_s: float = 0.0) -> Iterator[Path]:
    """Regular files below a directory, those that were last changed after that time (of the epoch)."""
    for root, _, names in os.walk(directory):
        for name in names:
            path = Path(root, name)
            with suppress(OSError):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and status.st_ctime >= newer_than_s:
                    yield path


def in_directory(search: Search, directory: Path, without: Iterable[Path] = ()) -> set[Hit]:
    """Look into all files below, and into what is compressed there."""
    left_out = set(without)
    files = [it for it in files_below(directory) if it not in left_out]
    hits = search.in_files(files)
    for file in files:
        if file.suffix == ".gz":
            with suppress(OSError):
                hits |= search.in_stream(str(file), [gzip.decompress(file.read_bytes())])
    return hits


def disk_files(lab: Lab, node: str) -> dict[str, Path]:
    """Backing files of a node's disks, by serial."""
    slots = (json.loads(it.read_text()) for it in sorted((lab.home(node) / "disks").glob("*.json")))
    return {str(slot["serial"]): Path(slot["file"]) for slot in slots}


def on_disk(search: Search, serial: str, file: Path) -> set[Hit]:
    """Look at every byte that was ever written to a disk. Its system may go on writing."""
    return search.in_stream(f"disk {serial}", _written(file))


def _written(file: Path) -> Iterator[bytes]:
    """The content of a sparse file, a zero byte for each hole."""
    with file.open("rb") as disk:
        size, at = os.fstat(disk.fileno()).st_size, 0
        while at < size:
            try:
                at = os.lseek(disk.fileno(), at, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(disk.fileno(), at, os.SEEK_HOLE)
            while at < end:
                chunk = os.pread(disk.fileno(), min(_CHUNK_BYTES, end - at), at)
                if not chunk:
                    return
                yield chunk
                at += len(chunk)
            yield b"\0"


def in_root(search: Search, lab: Lab, machine: str, *, whole: bool) -> set[Hit]:
    """Look into the files of a running machine: all of them, or those that its image did not bring."""
    root = Path(f"/proc/{running(lab, machine).init}/root")
    began_s = 0.0 if whole else _began_s(running(lab, machine).init)
    hits: set[Hit] = set()
    for entry in root.iterdir():
        if entry.name not in _NOT_FILES and not entry.is_symlink():
            # What is on disks is older than the system that runs.
            newer_than_s = 0.0 if entry.name in _LASTING else began_s
            hits |= search.in_files(files_below(entry, newer_than_s) if entry.is_dir() else [entry])
    return {
        Hit(f"{machine}:{hit.place.removeprefix(str(root))}", hit.credential, hit.encoding) for hit in hits
    }


def _began_s(process: int) -> float:
    """When a process was started, seconds of the epoch. Source: proc(5)."""
    ticks = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    booted = next(it for it in Path("/proc/stat").read_text().splitlines() if it.startswith("btime "))
    return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")


def in_journal(search: Search, lab: Lab, machine: str) -> set[Hit]:
    """Look into a machine's whole journal, its fields unpacked."""
    command = [*enter_command(lab, machine), "journalctl", "--no-pager", "--all", "--output=export"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    chunks = iter(lambda: process.stdout.read(_CHUNK_BYTES) if process.stdout else b"", b"")
    hits = search.in_stream(f"{machine}: journal", chunks)
    assert process.wait() == 0
    return hits


@dataclass
class Processes(threading.Thread):
    """Keeps what every process of this machine ever had as arguments and environment while it ran.

    What was seen is kept once, under the process that it was first seen with.
    """

    seen: dict[str, bytes] = field(default_factory=dict)
    looks: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self._known: set[bytes] = set()

    # A thread is known by itself, not by what it holds.
    __hash__ = threading.Thread.__hash__

    def __enter__(self) -> Processes:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self.look()

    def look(self) -> None:
        """Once at all of them."""
        self.looks += 1
        for process in os.listdir("/proc"):  # noqa: PTH208 - twenty times a second, over all processes
            if process.isdecimal():
                for kind in ("cmdline", "environ"):
                    self._keep(process, kind)

    def _keep(self, process: str, kind: str) -> None:
        try:
            content = Path(f"/proc/{process}/{kind}").read_bytes()
        except OSError:
            return
        if not content or content in self._known:
            return
        self._known.add(content)
        who = f"of {_name(process)} ({process})"
        for place, piece in _pieces(kind, content):
            # A process that becomes another program has both.
            self.seen[f"{place} {who}, {len(self.seen)}"] = piece


def _pieces(kind: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The arguments as one, the environment by variable."""
    if kind == "cmdline":
        yield "arguments", content
        return
    for variable in content.split(b"\0"):
        yield f"{variable.partition(b'=')[0].decode(errors='replace')} in the environment", variable


def _name(process: str) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return "a process that is gone"

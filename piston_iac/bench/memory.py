"""How much memory does the rack take? Proportional set sizes of all its processes, and what their
stateless roots hold in tmpfs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_KIB = 1024


def rack_bytes(prefix: str) -> int:
    """Memory of the rack with that prefix, bytes.

    A page that several processes share counts once in all. Source: proc(5), smaps_rollup.
    """
    root = _control_group(prefix)
    pids = [pid for procs in root.rglob("cgroup.procs") for pid in procs.read_text().split()]
    return sum(_field(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") for pid in pids)


def shared_bytes() -> int:
    """What tmpfs and shared memory hold on this machine, bytes. Compare before and after."""
    return _field(Path("/proc/meminfo"), "Shmem:")


def _control_group(prefix: str) -> Path:
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    hierarchy = next(line.split()[1] for line in mounts if " cgroup2 " in line)
    return Path(hierarchy) / f"{prefix}-rack"


def _field(path: Path, name: str) -> int:
    with suppress(OSError):  # a process may end while we look
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * _KIB
    return 0

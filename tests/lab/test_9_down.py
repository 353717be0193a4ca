"""Taking the rack down leaves nothing: no process, namespace, mount, loop device, control group."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.lab.operator_shell import CHECKOUT, Rack


def _traces() -> list[str]:
    """What of a rack can be seen on this machine."""
    namespaces = [f"namespace {path.name}" for path in Path("/run/netns").glob("piston-*")]
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "piston-lab" in line]
    loops = subprocess.run(["losetup", "-ln", "-O", "NAME,BACK-FILE"], capture_output=True, text=True).stdout
    disks = [line for line in loops.splitlines() if "piston-lab" in line]
    commands = [
        path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
    ]
    processes = [command for command in commands if "piston-lab" in command]
    groups = [str(path) for path in Path("/sys/fs/cgroup").rglob("piston-rack")]
    state = [str(path) for path in (Path("/var/lib/piston-lab"),) if path.exists()]
    return [*namespaces, *mounts, *disks, *processes, *groups, *state]


def test_lab_down_leaves_nothing(rack: Rack) -> None:
    assert _traces(), "the rack is up: there must be something to see"
    subprocess.run(["make", "lab-down"], cwd=CHECKOUT, check=True, stdin=subprocess.DEVNULL)
    assert _traces() == []

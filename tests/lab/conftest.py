"""One virtual rack for the whole session, driven only by what a user has: make, pulumi, piston.

The files run in the order of their names: a first install with faults, then the clean rack, then
drift, at last the tear-down. The rack is taken down at the end in any case.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
NODES = ("n1", "n2", "n3", "n4", "n5")


@dataclass(frozen=True)
class Result:
    """A finished command."""

    code: int
    text: str
    seconds: float


@dataclass
class Rack:
    """The operator's shell in front of the rack, and the technician's hands on it."""

    directory: Path
    runs: list[str] = field(default_factory=list)

    def shell(self, command: str, timeout_s: float = 240.0) -> Result:
        """Run a command as a user would after `. ./env.sh`."""
        began = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", f". ./env.sh; {command}"],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        result = Result(done.returncode, done.stdout, time.monotonic() - began)
        self.runs.append(f"$ {command}\n{result.text}[{result.code} after {result.seconds:.1f} s]\n")
        return result

    def must(self, command: str, timeout_s: float = 240.0) -> str:
        """Run a command that has to succeed; its output."""
        result = self.shell(command, timeout_s)
        assert result.code == 0, f"{command}\n{result.text}"
        return result.text

    def lab(self, arguments: str) -> str:
        """The lab's hands."""
        return self.must(f"piston lab {arguments}")

    def preview(self) -> Result:
        """A plain preview."""
        return self.shell("pulumi preview --stack lab --non-interactive")

    def up(self) -> Result:
        """Apply."""
        return self.shell("pulumi up --stack lab --yes --skip-preview --non-interactive", timeout_s=400.0)

    def writes(self) -> dict[str, int]:
        """What devices say they were told to change, by device."""
        counted: dict[str, int] = json.loads(self.lab("writes --json"))
        return counted


def _leave_trail(rack: Rack) -> None:
    """What was run and answered, for a reader of a failed run."""
    trail = CHECKOUT / "build" / "lab-tests.log"
    trail.parent.mkdir(exist_ok=True)
    trail.write_text("\n".join(rack.runs))


@pytest.fixture(scope="session")
def rack() -> Iterator[Rack]:
    """A new rack, every node off, boot node started from its CloudKey, nothing deployed."""
    made = Rack(Path(os.environ.get("PISTON_LAB_DIR", "/var/lib/piston-lab")))
    made.must("piston lab down")
    try:
        made.must("setup/lab.sh --rack-only")
        yield made
    finally:
        _leave_trail(made)
        subprocess.run(["make", "lab-down"], cwd=CHECKOUT, check=True, stdin=subprocess.DEVNULL)

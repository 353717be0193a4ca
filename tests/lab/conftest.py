"""One virtual rack for the whole session, driven only by what a user has: make, pulumi, piston.

The files run in the order of their names: a first install with faults, then the clean rack, then
drift, at last the tear-down. The rack is taken down at the end in any case.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.operator_shell import CHECKOUT, Rack


def _leave_trail(rack: Rack) -> None:
    """What was run and answered, for a reader of a failed run."""
    trail = CHECKOUT / "build" / "lab-tests.log"
    trail.parent.mkdir(exist_ok=True)
    trail.write_text("\n".join(rack.runs))


@pytest.fixture(scope="session")
def rack() -> Iterator[Rack]:
    """A new rack, every node off, boot node started from its CloudKey, nothing deployed."""
    made = Rack()
    made.must("piston lab down")
    try:
        made.must("setup/lab.sh --rack-only")
        yield made
    finally:
        _leave_trail(made)
        subprocess.run(["make", "lab-down"], cwd=CHECKOUT, check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def ready(rack: Rack) -> Rack:
    """The rack with everything deployed, so that each file of tests also runs by itself."""
    deployed = rack.up()
    assert deployed.code == 0, deployed.text
    return rack

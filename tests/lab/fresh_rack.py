"""A rack from nothing, taken down at the end in any case."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.operator_shell import CHECKOUT, Rack
from tests.lab.stack_file import write_layers


@contextmanager
def fresh_rack(trail: str) -> Iterator[Rack]:
    """A new rack, every node off, boot node started from its CloudKey, nothing deployed.

    Args:
        trail: name of the file below build/ that says what was run and answered, for a reader of a failure.
    """
    write_layers()
    made = Rack()
    made.must("piston lab down")
    try:
        made.must("setup/lab.sh --rack-only")
        yield made
    finally:
        kept = CHECKOUT / "build" / trail
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("\n".join(made.runs))
        subprocess.run(["make", "lab-down"], cwd=CHECKOUT, check=True, stdin=subprocess.DEVNULL)

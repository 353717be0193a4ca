"""The machines of these tests: they need root, and the built base of the micro-OS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.contract.node_programs.machines import ADDRESSES, Machines, loop_device, machines


@pytest.fixture(scope="module")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    scratch = tmp_path_factory.mktemp("machines")
    with ExitStack() as stack:
        # In memory: an OSD flushes often, and many tests share this machine's disk.
        memory = Path(stack.enter_context(TemporaryDirectory(dir="/dev/shm")))
        disks = [stack.enter_context(loop_device(memory / node)) for node in ADDRESSES]
        yield stack.enter_context(machines(scratch, disks))

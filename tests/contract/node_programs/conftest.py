"""The machines of these tests: they need root, and the built base of the micro-OS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.contract.node_programs.machines import ADDRESSES, Machines, loop_device, machines


@pytest.fixture(scope="module")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    place = tmp_path_factory.mktemp("machines")
    scratch = place / "roots"
    scratch.mkdir()
    with ExitStack() as stack:
        disks = [stack.enter_context(loop_device(place / node)) for node in ADDRESSES]
        yield stack.enter_context(machines(scratch, disks))

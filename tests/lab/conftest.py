"""One virtual rack for the whole session, driven only by what a user has: make, pulumi, piston.

The files run in the order of their names: a first install with faults, then the clean rack, then
drift, at last the tear-down. The rack is taken down at the end in any case.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.fresh_rack import fresh_rack
from tests.lab.operator_shell import Rack
from tests.lab.storage import Storage


@pytest.fixture(scope="session")
def rack() -> Iterator[Rack]:
    """A new rack, every node off, boot node started from its CloudKey, nothing deployed."""
    with fresh_rack("lab-tests.log") as made:
        yield made


@pytest.fixture(scope="session")
def ready(rack: Rack) -> Rack:
    """The rack with everything deployed, so that each file of tests also runs by itself."""
    deployed = rack.up()
    assert deployed.code == 0, deployed.text
    return rack


@pytest.fixture(scope="module")
def storage(ready: Rack) -> Storage:
    """The cluster storage of the deployed rack, healthy."""
    found = Storage(ready)
    found.wait_healthy()
    return found

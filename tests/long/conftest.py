"""A rack of its own for each file of long tests, deployed and healthy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.fresh_rack import fresh_rack
from tests.lab.storage import Storage


@pytest.fixture(scope="module")
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """The cluster storage of a new rack."""
    with fresh_rack(f"{request.module.__name__.rpartition('.')[2]}.log") as rack:
        done = rack.up()
        assert done.code == 0, done.text
        found = Storage(rack)
        found.wait_healthy()
        yield found

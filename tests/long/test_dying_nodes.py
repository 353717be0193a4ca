"""Each node in turn loses power under a client that writes all the time."""

from __future__ import annotations

import pytest

from tests.lab.operator_shell import NODES
from tests.lab.storage import Storage, check_writes_while_it_dies

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("node", NODES)
def test_writes_wait_a_moment_only(storage: Storage, node: str) -> None:
    try:
        print(node, check_writes_while_it_dies(storage, node))
    finally:
        # Else the next one dies beside it, and that is another question.
        done = storage.rack.up()
    assert done.code == 0, done.text
    storage.wait_healthy()

"""A running boot node for each test: it is small, and tests must not see each other's state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.boot_node.rig import Bootd


@pytest.fixture
def bootd(tmp_path: Path) -> Iterator[Bootd]:
    """A boot node fresh from its CloudKey, without settings."""
    service = Bootd(tmp_path)
    service.start()
    try:
        yield service
    finally:
        service.stop()

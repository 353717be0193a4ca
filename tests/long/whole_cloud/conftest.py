"""One rack with a whole cloud for all tests here: it takes many minutes to install."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.cloud import Cloud
from tests.lab.fresh_rack import fresh_rack
from tests.lab.stack_file import WHOLE_CLOUD

_INSTALL_S = 1500.0


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    """Everything is deployed, its check of itself passed, and OpenStack's command line knows it."""
    with fresh_rack("whole-cloud.log") as rack:
        made = Cloud(rack, WHOLE_CLOUD)
        done = made.up(_INSTALL_S)
        assert done.code == 0, done.text
        print(f"from powered off to a check that passed in {done.seconds:.0f} s")
        rack.must("piston cloud-config lab")
        made.ca_file()
        yield made

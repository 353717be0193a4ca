"""One rack with a whole cloud for all tests here: it takes many minutes to install.

`PISTON_RACK=running` takes the one that is up, and leaves it so: for whoever works on one of these tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab.cloud import Cloud
from tests.lab.cloud_user import CloudUser
from tests.lab.fresh_rack import fresh_rack
from tests.lab.operator_shell import Rack
from tests.lab.stack_file import WHOLE_CLOUD

_INSTALL_S = 1500.0


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    """Everything is deployed, its check of itself passed, and OpenStack's command line knows it."""
    if os.environ.get("PISTON_RACK") == "running":
        yield _known(Cloud(Rack(), WHOLE_CLOUD))
        return
    with fresh_rack("whole-cloud.log") as rack:
        made = Cloud(rack, WHOLE_CLOUD)
        done = made.up(_INSTALL_S)
        assert done.code == 0, done.text
        print(f"from powered off to a check that passed in {done.seconds:.0f} s")
        yield _known(made)


@pytest.fixture(scope="module")
def user(cloud: Cloud) -> Iterator[CloudUser]:
    """Somebody with a network."""
    made = CloudUser(cloud)
    made.makes_network()
    yield made
    made.removes_network()


def _known(cloud: Cloud) -> Cloud:
    cloud.rack.must("piston cloud-config lab")
    cloud.ca_file()
    return cloud

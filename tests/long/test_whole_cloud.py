"""A whole cloud from powered-off servers, and what its own check of itself says and leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.cloud import Cloud
from tests.lab.fresh_rack import fresh_rack
from tests.lab.stack_file import WHOLE_CLOUD

pytestmark = pytest.mark.timeout(1800)

_INSTALL_S = 1500.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with fresh_rack("whole-cloud.log") as rack:
        made = Cloud(rack, WHOLE_CLOUD)
        done = made.up(_INSTALL_S)
        assert done.code == 0, done.text
        print(f"from powered off to a check that passed in {done.seconds:.0f} s")
        yield made


def checked(cloud: Cloud) -> dict[str, Any]:
    outputs: dict[str, Any] = cloud.rack.state()["cloud-check"]["outputs"]
    return outputs


def test_a_machine_worked_on_each_node(cloud: Cloud) -> None:
    found = checked(cloud)
    assert set(found["nodes"]) == set(cloud.site().nodes)
    assert set(found["nodes"].values()) == {"passed"}
    print(json.dumps(found["report"], indent=1))
    assert len(found["report"]) == 5


def test_the_check_leaves_nothing(cloud: Cloud) -> None:
    left = cloud.rack.must("bin/at-operator .venv/bin/python -m tests.lab.check_leftovers")
    assert not left.strip(), left


def test_a_second_up_changes_nothing(cloud: Cloud) -> None:
    before = checked(cloud)
    done = cloud.up()
    assert done.code == 0, done.text
    assert " changed" not in done.text and "updated" not in done.text, done.text
    assert checked(cloud) == before

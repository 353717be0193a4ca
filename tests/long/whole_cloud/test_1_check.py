"""What the cloud's check of itself says and leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.cloud import Cloud

pytestmark = pytest.mark.timeout(1800)
_PLAN_S = 30.0


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
    before = checked(cloud)["report"]
    done = cloud.up()
    assert done.code == 0 and done.is_clean(), done.text
    assert checked(cloud)["report"] == before


def test_a_plan_is_clean_and_quick(cloud: Cloud) -> None:
    plans = [cloud.preview() for _ in range(3)]
    print("plans", [round(it.seconds, 1) for it in plans])
    assert all(it.is_clean() for it in plans), plans[-1].text
    assert min(it.seconds for it in plans) < _PLAN_S
    assert "rootDisks: local" in "\n".join(plans[0].if_a_node_died())

"""What a resource provider gets from its host, be it ours or the stock one."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

PLANTED = ("planted-password", "planted-nested", "planted-token")


@pytest.fixture(params=["own", "stock"])
def story(request: pytest.FixtureRequest, stories: dict[str, Future[Any]]) -> Any:
    return stories[request.param].result()


def test_check_names_every_failure_at_once(story: Any) -> None:
    errors = " ".join(story.refused.diagnostics("error", "bad"))
    assert story.refused.code != 0
    assert "size must be 1 or more" in errors
    assert "a name holds no blanks" in errors


def test_create_makes_what_is_missing_and_adopts_what_is_there(story: Any) -> None:
    assert story.first_up.code == 0, story.first_up.text
    writes = {line for line in story.first_log if line.startswith("write")}
    assert writes == {"write a", "write b", "write gone"}
    assert story.first_state["adopted"]["id"] == "toys/adopted"


def test_outputs_are_kept(story: Any) -> None:
    assert story.first_state["a"]["outputs"]["address"] == "addr-a"


def test_drift_is_named_by_its_path(story: Any) -> None:
    difference = story.drift_preview.steps()["a"]["detailedDiff"]
    assert set(difference) == {'units["chrony.service"].active', "units.extra"}
    assert difference['units["chrony.service"].active']["diffKind"] == "update"
    assert difference["units.extra"]["diffKind"] == "delete"


def test_drift_is_shown_with_what_is_there_and_what_is_wanted(story: Any) -> None:
    assert "active: false => true" in story.drift_preview.text
    assert "size: 1 => 2" in story.drift_preview.text


def test_a_device_that_vanished_is_planned_again(story: Any) -> None:
    assert story.drift_preview.steps()["gone"]["op"] == "create"


def test_preview_changes_nothing(story: Any) -> None:
    assert story.drift_preview.code == 0
    assert story.drift_preview.steps()["a"]["op"] == "update"
    assert "write c" not in story.first_log


def test_up_repairs_what_differs_and_nothing_else(story: Any) -> None:
    assert story.repair.code == 0, story.repair.text
    assert story.repaired_units == {"chrony.service": {"active": True, "key": "planted-nested"}}
    changes = {line for line in story.repair_log if not line.startswith("token")}
    assert changes == {"write a", "write b", "write gone", "write c", "write d", "delete adopted"}


def test_an_output_reaches_another_resource(story: Any) -> None:
    assert story.last_state["d"]["inputs"]["tags"] == ["addr-c", "serial-c"]


def test_afterwards_there_is_nothing_to_do(story: Any) -> None:
    assert story.clean_preview.code == 0, story.clean_preview.text


def test_the_provider_is_stored_as_a_short_reference(story: Any) -> None:
    assert len(story.last_state["a"]["inputs"]["__provider"]) < 80


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_secrets_stay_secret_in_the_state_after_refresh_and_update(story: Any, side: str) -> None:
    stored = story.last_state["a"][side]
    assert "ciphertext" in stored["password"]
    assert "ciphertext" in stored["units"]["chrony.service"]["key"]
    assert stored["units"]["chrony.service"]["active"] is True  # its neighbours stay readable


@pytest.mark.parametrize("planted", PLANTED)
def test_no_secret_is_stored_or_printed(story: Any, planted: str) -> None:
    assert planted not in story.stored


def test_destroy_removes_the_devices(story: Any) -> None:
    assert story.destroy.code == 0, story.destroy.text
    assert story.devices_left == []

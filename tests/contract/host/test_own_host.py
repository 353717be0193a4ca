"""What only our host can do, seen through the real engine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
HOST = CHECKOUT / "piston_iac" / "dynamic_providers" / "host" / "pulumi-resource-pulumi-python"
REASON = "half: could not boot: no link. Check the cable."


@pytest.fixture
def story(stories: dict[str, Future[Any]]) -> Any:
    return stories["only own"].result()


@pytest.fixture
def common(stories: dict[str, Future[Any]]) -> Any:
    return stories["own"].result()


# Known previews


def test_outputs_that_can_be_computed_are_known_in_the_plan(common: Any) -> None:
    assert common.drift_preview.outputs("c")["address"] == "addr-c"
    assert '[0]: "addr-c"' in common.drift_preview.text


def test_what_cannot_be_known_is_unknown_in_the_plan(common: Any) -> None:
    assert "serial" not in common.drift_preview.outputs("c")
    assert "[1]: [unknown]" in common.drift_preview.text


# Failures


def test_a_refusal_is_one_line_without_the_secret_it_quotes(story: Any) -> None:
    line = "refuse: could not set the size: it says no to [secret]. Ask it nicely."
    assert story.failing_up.diagnostics("error", "refuse") == [line]


def test_a_fault_of_a_driver_is_one_line_and_its_traceback_is_in_the_log(story: Any) -> None:
    (line,) = story.failing_up.diagnostics("error", "bug")
    log = story.site.state_home / "piston-iac" / "host.log"
    assert line.startswith("unexpected ValueError: bad password [secret].")
    assert "\n" not in line
    assert str(log) in line
    assert "toys.py" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_no_traceback_is_printed(story: Any) -> None:
    assert "Traceback" not in story.site.transcript


@pytest.mark.parametrize("planted", ["planted-password", "planted-nested", "planted-token"])
def test_no_secret_is_stored_or_printed(story: Any, planted: str) -> None:
    assert planted not in story.stored


def test_one_failed_device_stops_no_other(story: Any) -> None:
    assert story.failing_state["fine"]["outputs"]["address"] == "addr-fine"
    assert set(story.failing_state) == {"fine", "half"}


# Half-made resources


def test_a_half_made_resource_is_kept_with_its_reason(story: Any) -> None:
    half = story.failing_state["half"]
    assert half["id"] == "toys/half"
    assert half["initErrors"] == [REASON]
    assert len(half["outputs"]["console"]) == 300_000
    assert "ciphertext" in half["outputs"]["password"]
    (error,) = story.failing_up.diagnostics("error", "half")
    assert REASON in error


def test_a_half_made_resource_stays_one_until_an_update_has_finished_it(story: Any) -> None:
    assert story.blind_preview.steps()["half"]["op"] == "update"
    assert any(REASON in text for text in story.blind_preview.diagnostics("warning", "half"))


def test_the_next_up_continues_with_it(story: Any) -> None:
    assert story.continued_up.code == 0, story.continued_up.text
    assert not story.continued_state["half"].get("initErrors")
    assert "__half_made" not in story.continued_state["half"]["outputs"]


# Reading


def test_a_device_that_cannot_be_read_keeps_its_last_state_and_warns(story: Any) -> None:
    assert story.blind_preview.code == 0, story.blind_preview.text
    assert story.blind_preview.steps()["fine"]["op"] == "same"
    (warning,) = story.blind_preview.diagnostics("warning", "fine")
    assert warning.startswith("could not be read, so its last known state is shown: fine: could not be read")


def test_import_adopts_without_a_write(story: Any) -> None:
    imported = story.continued_state["imported"]
    assert imported["id"] == "toys/imported"
    assert "write imported" not in story.continued_log
    assert "ciphertext" in imported["outputs"]["password"]


# Words during an operation


def test_a_warning_is_shown_on_its_resource(story: Any) -> None:
    assert "half is slow to boot" in story.failing_up.diagnostics("warning", "half")


def test_a_line_about_a_difference_is_shown_once_though_the_refresh_compares_too(common: Any) -> None:
    assert common.drift_preview.diagnostics("info", "a") == ["units differs"]


def test_nothing_is_said_of_what_was_wrong_in_the_state_and_has_mended_itself(common: Any) -> None:
    assert common.mended_preview.code == 0
    assert common.mended_preview.diagnostics("info", "a") == []


def test_progress_is_shown_on_its_resource(story: Any) -> None:
    assert "waiting for slow" in story.cancelled_up.diagnostics("info", "slow", ephemeral=True)


def test_the_stack_configuration_is_there_and_decrypted(common: Any) -> None:
    assert "token True False" in common.first_log  # seen by the provider, not in its environment


# Ends


def test_cancel_stops_operations_and_keeps_what_is_made(story: Any) -> None:
    assert "stopped slow" in story.cancelled_log
    assert story.cancelled_up.code != 0
    assert story.cancelled_state["slow"]["initErrors"] == ["slow: stopped by the operator"]


def test_an_interrupt_with_a_living_engine_stops_operations_but_not_the_host(story: Any) -> None:
    assert "stopped slow" in story.interrupted_log
    (error,) = story.interrupted_up.diagnostics("error", "slow")
    assert "slow: stopped by the operator" in error
    assert "write later" in story.interrupted_log  # the engine asked for it after the interrupt


def test_a_killed_engine_takes_the_host_with_it_whatever_runs(make_site: Any, story: Any) -> None:
    site = make_site(own_host=True)
    site.scene(slow={"size": 1, "password": "p"}, stuck={"size": 1, "password": "p"})
    for name in ("slow", "stuck"):
        site.misbehave(name, name)
    process, _ = site.start("up")
    host = int(site.wait_for_log("waiting slow").split()[-1])
    site.wait_for_log("stuck stuck")
    process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    site.wait_for_log("stopped slow")
    while Path(f"/proc/{host}").exists():
        assert time.monotonic() - killed < 10.0, "the host outlives its engine"
        time.sleep(0.1)


def test_an_unknown_sdk_is_refused_in_one_line(tmp_path: Path) -> None:
    metadata = tmp_path / "pulumi-3.999.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: pulumi\nVersion: 3.999.0\n")
    ended = subprocess.run(
        [HOST, "127.0.0.1:1"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("piston host: the Pulumi SDK 3.999.0 is not one this host knows")

"""`piston status`, `why` and `support`: which site is meant, and misuse. What they show is in unit/status."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.cli.chosen_site import chosen_site, only_site
from piston_iac.cli.main import main
from piston_iac.errors import SetupError


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, with the example alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.example.yaml").touch()
    return tmp_path / "stacks"


def test_the_only_site_is_meant(stacks: Path) -> None:
    (stacks / "Pulumi.berne.yaml").touch()
    assert chosen_site(None) == "berne"


def test_it_is_found_from_below(stacks: Path) -> None:
    (stacks / "Pulumi.berne.yaml").touch()
    (stacks.parent / "docs").mkdir()
    assert chosen_site(None, stacks.parent / "docs") == "berne"


def test_the_engines_own_choice_goes_before_and_a_name_before_that(
    stacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("berne", "zurich"):
        (stacks / f"Pulumi.{name}.yaml").touch()
    monkeypatch.setenv("PULUMI_STACK", "zurich")
    assert chosen_site(None) == "zurich"
    assert chosen_site("berne") == "berne"
    assert chosen_site("example") == "example"


def test_several_are_listed() -> None:
    with pytest.raises(SetupError) as caught:
        only_site(["zurich", "example", "berne"])
    assert "there are 2: berne, zurich. Name one" in str(caught.value)
    with pytest.raises(SetupError, match="no stack file but the example"):
        only_site(["example"])


@pytest.mark.parametrize("command", [["status"], ["status", "zurihc"], ["why", "n1", "x"], ["support", "x"]])
def test_misuse_is_status_2_and_one_line(
    command: list[str], stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("berne", "zurich"):
        (stacks / f"Pulumi.{name}.yaml").touch()
    assert main(command) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert "berne" in line
    assert "zurich" in line


@pytest.mark.parametrize("command", [["why"], ["support"], ["status", "--jsno"]])
def test_a_command_line_that_is_not_one(command: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(command)
    assert caught.value.code == 2

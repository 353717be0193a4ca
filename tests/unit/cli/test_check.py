"""`piston check`: what the operator sees, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.cli.main import main

PROJECT = Path(__file__).parents[3]
LAB = (PROJECT / "stacks" / "Pulumi.lab.yaml").read_text()


@pytest.mark.parametrize("below", [".", "docs", "piston_iac/site"])
def test_a_sound_site_is_found_from_anywhere_in_the_project(
    below: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT / below)
    assert main(["check", "lab"]) == 0
    expected = "lab: ok (5 nodes, 5 networks, 20 local disks, 5 OSD disks, release 2026.11)\n"
    assert capsys.readouterr().out == expected


def test_the_example_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    assert main(["check", "example"]) == 0


def test_faults_are_a_table_with_one_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "Pulumi.lab.yaml"
    path.write_text(LAB.replace("vid: 20", "vid: 10").replace("dns: [10.30.10.5]", "dns: [one]"))
    assert main(["check", "lab", "--file", str(path)]) == 1
    title, head, *rows = capsys.readouterr().out.splitlines()
    assert title == "lab: 2 faults"
    assert head.split() == ["place", "setting", "cause", "fix"]
    assert [row.split()[:2] for row in rows] == [
        [f"{path}:16", "networks.service.vid"],
        [f"{path}:156", "dns[0]"],
    ]
    assert "networks.management.vid has already" in rows[0]
    assert "write one such as 10.30.10.5" in rows[1]


def test_an_unknown_site_is_one_line_with_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stacks").mkdir()
    for name in ("berne", "zurich"):
        (tmp_path / "stacks" / f"Pulumi.{name}.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert main(["check", "zurihc"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert "there is no stacks/Pulumi.zurihc.yaml" in line
    assert "Did you mean zurich? The sites here: berne, zurich" in line


def test_outside_a_project_it_says_where_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "lab"]) == 1
    assert "Run it inside the project" in capsys.readouterr().err


def test_a_missing_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "lab", "--file", str(tmp_path / "Pulumi.lab.yaml")]) == 1
    assert "cannot be read: No such file or directory" in capsys.readouterr().out

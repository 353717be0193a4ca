"""`piston check --all`: every site, every policy, and what sites must not share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from piston_iac.cli.main import main

PROJECT = Path(__file__).parents[3]
LAB = (PROJECT / "stacks" / "Pulumi.lab.yaml").read_text()
EXAMPLE = (PROJECT / "stacks" / "Pulumi.example.yaml").read_text()


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a project of its own, with two sound sites, entered."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    (folder / "Pulumi.lab.yaml").write_text(LAB)
    (folder / "Pulumi.berne.yaml").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    yield folder


def rows(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("below", [".", "docs"])
def test_this_project_is_sound(
    below: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT / below)
    assert main(["check", "--all"]) == 0
    told = rows(capsys)
    assert told[0].split() == ["site", "result", "has", "file"]
    assert [line.split()[0] for line in told[1:3]] == ["example", "lab"]


def test_advice_is_told_and_fails_nothing(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--all"]) == 0
    head, berne, lab, _, heads, advice, _, note = rows(capsys)
    assert head.split() == ["site", "result", "has", "file"]
    assert berne.startswith("berne  ok, 1 advice  5 nodes, ")
    assert lab.split()[:2] == ["lab", "ok"]
    assert heads.split() == ["site", "kind", "place", "setting", "or", "policy", "cause", "fix"]
    assert advice.split()[:4] == ["berne", "advice", "stacks/Pulumi.berne.yaml", "flash-for-ceph"]
    assert note.startswith("own-bmc-accounts needs the engine: passwords are sealed; `pulumi preview ")


def test_a_violation_fails(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    five = EXAMPLE.index("    n5:\n")
    (stacks / "Pulumi.berne.yaml").write_text(EXAMPLE[:five] + EXAMPLE[EXAMPLE.index("  # How BMCs are") :])
    assert main(["check", "--all"]) == 1
    told = rows(capsys)
    assert told[1].startswith("berne  1 violation, 1 advice  4 nodes, ")
    [row] = [line for line in told if "violation  " in line and "enough-nodes" in line]
    assert "4 nodes are declared, production needs 5" in row
    assert row.rstrip().endswith("add nodes to `piston:nodes`, or say `piston:environment: lab`")


def test_faults_of_every_file_come_at_once(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stacks / "Pulumi.berne.yaml").write_text(EXAMPLE.replace("vid: 20", "vid: 0"))
    (stacks / "Pulumi.lab.yaml").write_text(LAB.replace("vid: 20", "vid: 4095").replace("vid: 30", "vid: 40"))
    assert main(["check", "--all"]) == 1
    told = rows(capsys)
    assert told[1].split()[:3] == ["berne", "1", "fault"]
    assert told[2].split()[:3] == ["lab", "2", "faults"]
    assert [line.split()[:4] for line in told[5:8]] == [
        ["berne", "fault", f"stacks/Pulumi.berne.yaml:{line_of(EXAMPLE, 'vid: 20')}", "networks.service.vid"],
        ["lab", "fault", f"stacks/Pulumi.lab.yaml:{line_of(LAB, 'vid: 20')}", "networks.service.vid"],
        ["lab", "fault", f"stacks/Pulumi.lab.yaml:{line_of(LAB, 'vid: 40')}", "networks.cloud.vid"],
    ]


def test_a_copied_site_is_told_once_for_both(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stacks / "Pulumi.zurich.yaml").write_text(EXAMPLE)
    assert main(["check", "--all"]) == 1
    [row] = [line for line in rows(capsys) if "  fault  " in line]
    place = f"stacks/Pulumi.zurich.yaml:{line_of(EXAMPLE, 'mac: 3c:ec:ef:70:00:01')}"
    assert row.split()[:4] == ["zurich", "fault", place, "bootNode.mac"]
    assert "is 3c:ec:ef:70:00:01, which site berne has already (bootNode.mac)" in row
    assert row.rstrip().endswith("leave each machine to one site")


def test_a_file_that_the_engine_would_not_read(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stacks / "Pulumi.zurich.yml").write_text(EXAMPLE)
    assert main(["check", "--all"]) == 1
    [row] = [line for line in rows(capsys) if "  fault  " in line]
    assert row.rstrip().endswith("call it Pulumi.zurich.yaml")


def test_a_directory_among_the_files(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stacks / "Pulumi.zurich.yaml").mkdir()
    assert main(["check", "--all"]) == 1
    assert any("cannot be read: Is a directory" in line for line in rows(capsys))


def test_outside_a_project_it_says_where_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--all"]) == 1
    assert "Run it inside the project" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["lab", "--all"]])
def test_a_site_or_all(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", *arguments])
    assert ended.value.code == 2
    assert "--all" in capsys.readouterr().err


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1

"""`piston check`: what the operator sees, and the exit status."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from piston_iac.cli.check import MOST_ROWS
from piston_iac.cli.main import main

PROJECT = Path(__file__).parents[3]
LAB = (PROJECT / "stacks" / "Pulumi.lab.yaml").read_text()
# What the slowest of all bad files may take, seconds.
WORST_S = 2.0


def line_of(text: str) -> int:
    return LAB[: LAB.index(text)].count("\n") + 1


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
        [f"{path}:{line_of('vid: 20')}", "networks.service.vid"],
        [f"{path}:{line_of('piston:dns')}", "dns[0]"],
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


def test_more_faults_than_anybody_reads_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Pulumi.lab.yaml"
    strangers = "".join(f"  piston:stranger{number}: 1\n" for number in range(MOST_ROWS + 50))
    path.write_text(LAB.replace("config:\n", f"config:\n{strangers}"))
    assert main(["check", "lab", "--file", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"lab: {MOST_ROWS + 50} faults"
    assert len(lines) == MOST_ROWS + 3
    assert lines[-1] == "and 50 more; mend these first"


def _node_wrong_everywhere(number: int) -> str:
    """Every value of it is wrong, or is another's too."""
    card = "{ mac: 52:54:00:0a:00:01, port: boot }"
    bmc = f"{{ address: 10.30.10.{number}999, mac: 53:54:00:0c:00:01, port: boot, pasword: x }}"
    disks = "{ local: [a, a, a], osd: [a, 1] }"
    return (
        f"    m{number}: {{ number: {number}, failureDomain: R, bmc: {bmc}, boot: {card}, data: {card}, "
        f"disks: {disks}, wipe: [b] }}\n"
    )


WORST = {
    "200 nodes with a dozen faults each": LAB.replace(
        "piston:nodes:\n", "piston:nodes:\n" + "".join(_node_wrong_everywhere(n) for n in range(1, 201))
    ),
    "2,000 unknown settings": LAB.replace(
        "config:\n", "config:\n" + "".join(f"  piston:netwrk{n}: 1\n" for n in range(2000))
    ),
    "100,000 open brackets": LAB.replace("[10.30.10.5]", "[" * 100_000),
    "aliases of aliases": "config:\n  x0: &x0 lol\n"
    + "".join(f"  x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 200)),
    "an alias of itself": LAB.replace("piston:dns: [10.30.10.5]", "piston:dns: &a [*a, {b: *a}]"),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_file_is_told_in_two_seconds(name: str, tmp_path: Path) -> None:
    """The command as it is typed, interpreter and imports included. Processor time: what a shell shows on a
    machine that does nothing else."""
    path = tmp_path / "Pulumi.lab.yaml"
    path.write_text(WORST[name])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [PROJECT / "bin" / "piston", "check", "lab", "--file", path],
        capture_output=True,
        text=True,
        timeout=10 * WORST_S,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.returncode == 1
    assert ended.stderr == ""
    assert "fault" in ended.stdout.splitlines()[0]
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < WORST_S


@pytest.mark.parametrize("arguments", [["lab"], ["--all"]])
def test_no_device_code_is_even_imported(arguments: list[str]) -> None:
    program = (
        "import json, sys\n"
        "from piston_iac.cli.main import main\n"
        f"assert main(['check', *{arguments!r}]) == 0\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True
    )
    modules = json.loads(ended.stdout.splitlines()[-1])
    assert "piston_iac.cli.check" in modules
    forbidden = ("piston_iac.devices", "piston_iac.dynamic_providers", "piston_iac.lab", "pulumi", "grpc")
    assert [name for name in modules if name.startswith(forbidden)] == []

"""The `piston` command itself: dispatch, errors, help."""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys

import pytest

from piston_iac.cli import main as cli
from piston_iac.errors import SetupError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """This module is a subcommand too: `fail`, to see what becomes of its errors."""
    parser = subparsers.add_parser("fail", help="end in a given way")
    parser.add_argument("how")
    parser.set_defaults(run=_fail)


def _fail(options: argparse.Namespace) -> int:
    if options.how == "interrupted":
        raise KeyboardInterrupt
    if options.how == "setup":
        raise SetupError("this machine", "find the engine", "it is not on PATH", "Run `. ./env.sh`")
    return int(options.how)


@pytest.fixture(autouse=True)
def _with_a_failing_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "failing_command", sys.modules[__name__])
    monkeypatch.setitem(cli.COMMANDS, "fail", "failing_command")


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ("0", 0, ""),
        ("3", 3, ""),
        (
            "setup",
            1,
            "piston: this machine: could not find the engine: it is not on PATH. Run `. ./env.sh`\n",
        ),
        ("interrupted", 130, "piston: interrupted; the next run continues from here\n"),
    ],
)
def test_how_a_command_ends(how: str, status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fail", how]) == status
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["fail"]])
def test_misuse_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert all(f"    {name}" in told for name in cli.COMMANDS)


def test_a_command_imports_no_other_command() -> None:
    program = (
        "import sys; from piston_iac.cli.main import main; main(['check', 'none']); "
        "print(sorted(name for name in sys.modules if name.startswith('piston_iac.cli.')))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = ast.literal_eval(ended.stdout)
    assert loaded == ["piston_iac.cli.check", "piston_iac.cli.main", "piston_iac.cli.stack_path"]

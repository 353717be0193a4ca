"""What the programs share: one line of error, the exit status, one at a time."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from piston_iac.node_programs.program import Fault, alone, converse, guarded


def ask(monkeypatch: pytest.MonkeyPatch, stdin: str, act: Any = dict) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    return converse(lambda raw: {"seen": raw["x"]}, act)


def test_an_answer_is_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(monkeypatch, '{"x": 1}') == 0
    assert json.loads(capsys.readouterr().out) == {"seen": 1}


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        ("", "the request is not JSON"),
        ("[]", "the request is no JSON object"),
        ('{"secret": "AQx"}', "the request does not fit this image (KeyError 'x')"),
    ],
)
def test_a_bad_request_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stdin: str, said: str
) -> None:
    assert ask(monkeypatch, stdin) == 1
    assert capsys.readouterr().err == f"{said}\n"


def test_a_fault_is_one_line_and_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise Fault("first\n  second")

    assert guarded(fail, 3) == 3
    assert capsys.readouterr().err == "first second\n"


def test_one_program_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with alone(lock), pytest.raises(Fault, match="another program"), alone(lock, patience_s=0.0):
        pass
    with alone(lock, patience_s=0.0):
        pass

"""Plain YAML words mean what the engine takes them for. Expected values seen with engine v3.200.0."""

from __future__ import annotations

from datetime import date

import pytest

from piston_iac.site.values import Sealed
from piston_iac.site.yaml_file import parse


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("52:54:00:10:00:01", "52:54:00:10:00:01"),
        ("0x10", 16),
        ("010", 8),
        ("0o10", 8),
        ("089", 89.0),
        ("1_000", 1000),
        ("1e3", 1000.0),
        ("2026.10", 2026.1),
        ("-5", -5),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("2026-11-01", date.min),
        ('"2026.10"', "2026.10"),
        ("'true'", "true"),
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"),
        (".", "."),
        ("n1-osd-1", "n1-osd-1"),
        ("[a, 1]", ["a", 1]),
    ],
)
def test_plain_words(word: str, value: object) -> None:
    data = parse(f"key: {word}\n").data
    assert data == {"key": value}
    assert isinstance(data, dict)
    assert type(data["key"]) is type(value)


def test_lines_of_keys_and_items() -> None:
    document = parse("a:\n  - 1\n  - b: 2\n\nc: {d: 3}\n")
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("a", 0): 2,
        ("a", 1): 3,
        ("a", 1, "b"): 3,
        ("c",): 5,
        ("c", "d"): 5,
    }
    assert document.line_of(("c", "missing", "deeper")) == 5


def test_secure_values_are_sealed() -> None:
    data = parse("a:\n  secure: v1:x\nb: {secure: y, other: z}\n").data
    assert isinstance(data, dict)
    assert isinstance(data["a"], Sealed)
    assert data["a"].ciphertext == "v1:x"
    assert data["b"] == {"secure": "y", "other": "z"}


def test_an_alias_to_its_own_parent_ends() -> None:
    [(line, problem)] = parse("a: &x\n  b: *x\n").problems
    assert "alias" in problem.cause
    assert problem.path == ("a", "b")
    assert line == 1

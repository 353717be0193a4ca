"""The boot node's journal as the operator reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from piston_iac.boot_node.journal import Journal

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def test_the_last_entries_oldest_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", lambda: AT)
    assert journal.entries() == []
    for number in range(5):
        journal.wrote("operator", f"document of n{number}")
    assert [entry["what"] for entry in journal.entries(last=2)] == ["document of n3", "document of n4"]
    assert journal.entries()[0] == {
        "at": "2026-11-23T01:02:03+00:00",
        "who": "operator",
        "what": "document of n0",
    }


def test_a_line_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.wrote("operator", "settings")
    with path.open("a") as file:
        file.write('{"at": "20')
    assert [entry["what"] for entry in journal.entries()] == ["settings"]

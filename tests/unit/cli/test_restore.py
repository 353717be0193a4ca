"""`piston restore databases`: what the operator is told before anything is done, what is refused at once."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from piston_iac.cli.database_restore import Plan
from piston_iac.cli.main import main
from piston_iac.cli.restore import announcement, table
from piston_iac.plan.cloud.backups import Backup
from piston_iac.restore_order import Order

TEN = 1_795_600_800
ORDER = Order("c1", TEN, "n2", "20261125T120000Z")


@pytest.mark.parametrize("begun", [False, True])
def test_the_operator_reads_where_to_and_what_is_lost_and_kept(begun: bool) -> None:
    plan = Plan(ORDER, ("n1", "n2"), ("n3",), begun, 0, "")
    text = "\n".join(announcement(plan))
    assert "go back to 2026-11-25T10:00:00Z, from backup c1" in text
    assert "stops on n1, n2, and begins again on n2" in text
    assert "/persist/galera/before-20261125T120000Z" in text
    assert ("was cut short" in text) is begun


def test_the_list_names_both_ends_of_each_backup_newest_first() -> None:
    mib = 1024**2
    backups = [
        Backup(name, "n2", TEN + start, TEN + start + 60, 40 * mib, 2 * mib, 3 * mib, 0, "")
        for name, start in (("older", 0), ("newer", 100))
    ]
    console = Console(file=io.StringIO(), width=120)
    console.print(table(backups))
    assert isinstance(console.file, io.StringIO)
    rows = [line for line in console.file.getvalue().splitlines() if "2026-" in line]
    assert "newer" in rows[0]
    for word in ("2026-11-25T10:00:00Z", "2026-11-25T10:01:00Z", "older", "42 MiB", "3 MiB"):
        assert word in rows[1]


def test_nonsense_for_a_time_is_refused_before_anything_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", "databases", "nowhere", "--at", "yesterday", "--yes"]) == 1
    said = capsys.readouterr().err
    assert "`yesterday` is no time in ISO 8601" in said
    assert "Nothing was changed" in said

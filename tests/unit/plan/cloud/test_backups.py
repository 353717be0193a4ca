"""Which backup leads to a moment, and what a plan says of backups that do not go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.plan.cloud.backup_field import CURRENT, backup_state
from piston_iac.plan.cloud.backups import (
    Backup,
    NoBackup,
    choose,
    first_position,
    parse_backups,
    parse_time,
    shown,
)
from piston_iac.plan.cloud.seen import BackupMaker, DatabaseMember, HostLook
from tests.unit.plan.cloud.samples import host_look

TEN = 1_795_600_800
A, B = "aaaaaaaa-0000-0000-0000-000000000000", "bbbbbbbb-0000-0000-0000-000000000000"


def backup(name: str, start: int, until: int) -> Backup:
    return Backup(name, "n2", TEN + start, TEN + until, 1000, 100, 500, 2000, A)


OVERLAPPING = (backup("old", 0, 700), backup("new", 600, 1000))
APART = (backup("old", 0, 100), backup("new", 200, 300))


@pytest.mark.parametrize(
    ("at", "chosen"), [(0, "old"), (599, "old"), (600, "new"), (700, "new"), (1000, "new")]
)
def test_the_youngest_backup_that_leads_there_is_taken(at: int, chosen: str) -> None:
    found, moment = choose(OVERLAPPING, TEN + at)
    assert (found.id, moment) == (chosen, TEN + at)


def test_without_a_time_it_is_the_newest_possible() -> None:
    found, moment = choose(tuple(reversed(OVERLAPPING)), None)
    assert (found.id, moment) == ("new", TEN + 1000)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (-1, f"the oldest backup begins at {shown(TEN)}"),
        (301, f"the newest backup ends at {shown(TEN + 300)}"),
        (150, f"the nearest moments are {shown(TEN + 100)} and {shown(TEN + 200)}"),
    ],
)
def test_a_moment_without_a_backup_names_the_nearest(at: int, said: str) -> None:
    with pytest.raises(NoBackup, match=said):
        choose(APART, TEN + at)


def test_no_backup_at_all_is_said() -> None:
    with pytest.raises(NoBackup, match="there is no backup yet"):
        choose((), None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T10:00:00",
        "2026-11-25 10:00",
        "2026-11-25T10:00:00Z",
        "2026-11-25T11:00:00+01:00",
        "20261125T100000",
        " 2026-11-25T10:00:00.9 ",
    ],
)
def test_a_time_is_read_and_is_utc_when_it_names_no_zone(text: str) -> None:
    assert parse_time(text) == TEN
    assert shown(parse_time(text)) == "2026-11-25T10:00:00Z"


@pytest.mark.parametrize("text", ["yesterday", "", "10:00", "2026-13-01T00:00", "1795600800"])
def test_nonsense_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_time(text)


@pytest.mark.parametrize("text", ["2026-11-25", "20261125"])
def test_a_date_alone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="give the time of day"):
        parse_time(text)


def test_a_list_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        parse_backups({"chains": [{"id": "x"}]})


@pytest.mark.parametrize(
    ("positions", "begins"),
    [
        ((f"{A}:7", f"{A}:9", ""), f"{A}:1795600800000"),
        ((f"{A}:1795600800001",), f"{A}:1795601800001"),
        (("", ""), f"{A}:1795600800000"),
        ((f"{B}:7",), f"{B}:1795600800000"),
        ((f"{A}:7", f"{B}:9"), f"{A}:1795600800000"),
    ],
)
def test_the_restored_database_begins_above_all_that_was(positions: tuple[str, ...], begins: str) -> None:
    assert first_position(positions, A, TEN + 0.9) == begins


def test_two_histories_that_are_not_the_backups_are_refused() -> None:
    with pytest.raises(NoBackup, match="several databases"):
        first_position((f"{A}:7", f"{B}:9"), "other", TEN)


def looks(*makers: BackupMaker) -> list[HostLook]:
    return [replace(host_look("n1"), backup=maker) for maker in makers]


OLD = BackupMaker(True, "c", TEN, 301, 3600)
STANDBY = BackupMaker(False, "c", TEN, 301, 3600)


@pytest.mark.parametrize(
    ("makers", "said"),
    [
        ((OLD, STANDBY), f"last at {shown(TEN)}"),
        ((replace(OLD, fault="no room"), STANDBY), f"last at {shown(TEN)} (no room)"),
        ((replace(OLD, chain="", until=0),), "none yet"),
        ((replace(OLD, age_s=300), STANDBY), CURRENT),
        # Those who have just got back what it takes have not had the time.
        ((replace(OLD, able_s=300), replace(STANDBY, able_s=20)), CURRENT),
        # One that was just started says nothing about the others.
        ((OLD, replace(STANDBY, able_s=3)), f"last at {shown(TEN)}"),
        ((replace(OLD, waits="storage"), replace(STANDBY, waits="storage")), CURRENT),
        ((BackupMaker(fault="no such file"),), CURRENT),
        ((OLD, BackupMaker(fault="no such file")), f"last at {shown(TEN)}"),
    ],
)
def test_old_backups_are_one_line_and_only_when_no_other_line_says_why(
    makers: tuple[BackupMaker, ...], said: str
) -> None:
    assert backup_state(looks(*makers), CURRENT) == said


def test_a_database_that_is_away_has_its_own_line() -> None:
    away = replace(looks(OLD)[0], database=DatabaseMember(fault="no answer"))
    assert backup_state([away], "none yet") == CURRENT
    assert backup_state([], "none yet") == "none yet"

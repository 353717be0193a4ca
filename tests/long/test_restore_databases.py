"""Databases go back to a moment: what was there then is there, what came after is not, and all goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.lab.cloud import HOSTS, Cloud
from tests.long.cloud_rack import cloud_rack

pytestmark = pytest.mark.timeout(1500)
RESTORE_S = 600.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with cloud_rack("restore-databases.log") as made:
        yield made


def wait_until_backed_up(cloud: Cloud, moment: float, limit_s: float = 240.0) -> None:
    """Until the backups reach that moment, seconds since 1970."""
    began = time.monotonic()
    while not any(cloud.look(host).get("backup", {}).get("until", 0) >= moment for host in HOSTS):
        assert time.monotonic() - began < limit_s, [cloud.look(host).get("backup") for host in HOSTS]
        time.sleep(3.0)


def test_what_came_after_the_moment_is_gone_and_nothing_else(cloud: Cloud) -> None:
    before = cloud.database_id()
    wait_until_backed_up(cloud, time.time() - 30.0)
    kept = cloud.make_project("kept")
    time.sleep(3.0)
    moment = time.time()
    time.sleep(3.0)
    lost = cloud.make_project("lost")
    wait_until_backed_up(cloud, time.time())
    at = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    print(cloud.rack.must("piston restore databases lab --list"))
    began = time.monotonic()
    print(cloud.rack.must(f"piston restore databases lab --at {at} --yes", RESTORE_S))
    print(f"restored in {time.monotonic() - began:.0f} s")
    cloud.wait_whole()
    names = cloud.projects()
    assert kept in names
    assert lost not in names
    assert {cloud.look(host)["database"]["cluster"] for host in HOSTS} == {before}
    assert cloud.up().code == 0
    plan = cloud.preview()
    assert plan.is_clean(), plan.text


@pytest.mark.parametrize(
    ("at", "said"),
    [("yesterday", "ISO 8601"), ("2020-01-01T00:00:00Z", "oldest"), ("2050-01-01T00:00:00", "newest")],
)
def test_a_moment_that_cannot_be_had_is_refused(cloud: Cloud, at: str, said: str) -> None:
    done = cloud.rack.shell(f"piston restore databases lab --at {at} --yes")
    assert done.code != 0
    assert said in done.text, done.text
    assert cloud.not_whole() == []

"""Policies of the cluster storage, each with a good case and bad ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.policies.ceph import flash_for_ceph, odd_mons, three_copies, two_copies_to_write
from piston_iac.policies.values import Pool

VMS = Pool("vms", copies=3, min_copies=2, spread_over="host", device_class="ssd", quota_bytes=0)


@pytest.mark.parametrize("spread_over", ["host", "rack"])
def test_three_copies(spread_over: str) -> None:
    assert three_copies(replace(VMS, spread_over=spread_over)) == []


def test_two_copies_are_too_few() -> None:
    (violation,) = three_copies(replace(VMS, copies=2))
    assert violation.startswith("pool vms keeps 2 copies, two may be lost at once; ")


def test_copies_on_one_host() -> None:
    (violation,) = three_copies(replace(VMS, spread_over="osd"))
    assert violation.startswith("pool vms spreads its copies over osd, so that one host may hold all; ")


def test_two_copies_to_write() -> None:
    assert two_copies_to_write(VMS) == []


@pytest.mark.parametrize(
    ("copies", "told"),
    [(1, "pool vms takes writes with 1 copy left"), (3, "pool vms needs all its 3 copies to write")],
)
def test_too_few_or_too_many_copies_to_write(copies: int, told: str) -> None:
    (violation,) = two_copies_to_write(replace(VMS, min_copies=copies))
    assert violation.startswith(told)
    assert violation.endswith("; set min_size to 2")


@pytest.mark.parametrize("count", [3, 5])
def test_odd_mons(count: int) -> None:
    assert odd_mons([f"n{number}" for number in range(count)]) == []


@pytest.mark.parametrize(
    ("mons", "told"),
    [([], "0 mons (none)"), (["n1"], "1 mons (n1)"), (["n1", "n2", "n3", "n4"], "4 mons (n1, n2, n3, n4)")],
)
def test_mons_that_make_no_quorum_after_a_loss(mons: list[str], told: str) -> None:
    (violation,) = odd_mons(mons)
    assert violation.startswith(f"{told} are no odd number from 3 on; ")


def test_flash_for_ceph() -> None:
    assert flash_for_ceph("production", [VMS, replace(VMS, device_class="nvme")]) == []
    assert flash_for_ceph("lab", [replace(VMS, device_class="hdd")]) == []


def test_pools_on_hard_disks_are_one_line() -> None:
    slow = [
        replace(VMS, name="backups", device_class="hdd"),
        replace(VMS, name="objects", device_class="any"),
    ]
    (violation,) = flash_for_ceph("production", [*reversed(slow), VMS])
    assert violation.startswith("pools that may lie on hard disks: backups (hdd), objects (any); ")

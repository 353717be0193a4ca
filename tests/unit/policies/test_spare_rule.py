"""Room to lose a node: what is counted, and what is measured."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from piston_iac.policies.spare import once_with_copies, spare_capacity
from piston_iac.policies.values import Pool, Storage, StorageHost

GIB = 1024**3
VMS = Pool("vms", copies=3, min_copies=2, spread_over="host", device_class="ssd", quota_bytes=0)
RACKED = replace(VMS, spread_over="rack")


def storage(osds: str, pool: Pool = VMS, capacity_gib: int = 0) -> Storage:
    """Hosts as `rack:osds`, one word each."""
    hosts = []
    for number, word in enumerate(osds.split(), 1):
        rack, _, count = word.rpartition(":")
        hosts.append(StorageHost(f"n{number}", rack or "r1", int(count)))
    return Storage(tuple(hosts), (pool,), capacity_gib * GIB)


@pytest.mark.parametrize(
    ("osds", "pool"),
    [("1 1 1 1", VMS), ("2 2 2 2 2", VMS), ("a:1 a:1 b:1 b:1 c:1 c:1", RACKED), ("a:1 b:1 c:1 d:1", RACKED)],
)
def test_one_node_may_die(osds: str, pool: Pool) -> None:
    assert spare_capacity("production", storage(osds, pool)) == []


@pytest.mark.parametrize(
    ("osds", "pool", "told"),
    [
        ("1 1 1", VMS, "without n1 2 nodes with OSDs are left, and 3 copies need 3; declare one more node"),
        ("1 1 1 0", VMS, "without n1 2 nodes with OSDs are left"),
        (
            "a:1 a:1 b:1 b:1 c:1",
            RACKED,
            "without n5 2 failure domains with OSDs are left, and 3 copies need 3; declare a second node",
        ),
    ],
)
def test_too_few_places_are_left(osds: str, pool: Pool, told: str) -> None:
    (violation,) = spare_capacity("production", storage(osds, pool))
    assert violation.startswith(told)


def test_a_lab_may_be_small() -> None:
    assert spare_capacity("lab", storage("1 1 1")) == []


# 5 nodes of 1000 GiB; without one 4000, at 85 % 3400, in three copies 1133.
@pytest.mark.parametrize(("quota_gib", "fits"), [(1133, True), (1134, False)])
def test_quotas_and_the_capacity_without_a_node(quota_gib: int, fits: bool) -> None:
    promising = storage("2 2 2 2 2", replace(VMS, quota_bytes=quota_gib * GIB), capacity_gib=5000)
    told = spare_capacity("production", promising)
    assert (told == []) is fits
    if told:
        assert told[0].startswith("the quotas of the pools promise 1134 GiB, and without n1 there is room")
        assert "for 1133 GiB in 3 copies; " in told[0]


def test_the_largest_node_is_the_one_that_matters() -> None:
    # 8 OSDs of 100 GiB. Without n5 four places of 100: 133 GiB in three copies. Without n1 it would be 150.
    promising = storage("1 1 1 1 4", replace(VMS, quota_bytes=114 * GIB), capacity_gib=800)
    (violation,) = spare_capacity("production", promising)
    assert "without n5 there is room for 113 GiB" in violation


def test_all_quotas_count() -> None:
    half = replace(VMS, quota_bytes=600 * GIB)
    both = Storage(storage("2 2 2 2 2").hosts, (half, replace(half, name="images")), 5000 * GIB)
    assert spare_capacity("production", replace(both, pools=(half,))) == []
    assert len(spare_capacity("production", both)) == 1


def test_without_a_capacity_nodes_are_counted() -> None:
    assert spare_capacity("production", storage("1 1 1 1", replace(VMS, quota_bytes=10**6 * GIB))) == []


def test_room_is_what_the_best_placement_holds() -> None:
    """Against the definition: the most D with sum(min(weight, D)) >= 3 * D."""
    for weights in product(range(1, 5), repeat=4):
        room = once_with_copies(weights, 3)
        assert sum(min(weight, room) for weight in weights) >= 3 * room - 1e-9
        more = room + 0.01
        assert sum(min(weight, more) for weight in weights) < 3 * more

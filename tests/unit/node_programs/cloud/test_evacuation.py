"""A machine starts elsewhere when its node is dead for Ceph and for Nova, and only with all its data."""

from __future__ import annotations

from typing import Any

import pytest

from piston_iac.node_programs.cloud.evacuation import dead, silent_hosts, to_move

HOSTS = ("n1", "n2", "n3", "n4", "n5")


def tree(down: set[int]) -> dict[str, Any]:
    """As `osd tree` gives it: n4 has two OSDs, n5 none of its own yet."""
    osds = {"n1": [0], "n2": [1], "n3": [2], "n4": [3, 4], "n5": []}
    hosts = [
        {"id": -2 - at, "name": host, "type": "host", "children": osds[host]} for at, host in enumerate(HOSTS)
    ]
    leaves = [{"id": it, "type": "osd", "status": "down" if it in down else "up"} for it in range(5)]
    return {"nodes": [{"id": -1, "name": "default", "type": "root", "children": [-2]}, *hosts, *leaves]}


def services(*down: str) -> list[dict[str, str]]:
    return [{"host": host, "state": "down" if host in down else "up"} for host in HOSTS]


@pytest.mark.parametrize(("down", "found"), [(set(), set()), ({3}, set()), ({3, 4}, {"n4"}), ({0}, {"n1"})])
def test_a_host_is_silent_without_any_osd(down: set[int], found: set[str]) -> None:
    assert silent_hosts(tree(down)) == found


@pytest.mark.parametrize(
    ("silent", "missed", "found"),
    [
        ({"n4"}, ("n4",), ("n4",)),
        # Its daemons of the storage alone are down.
        ({"n4"}, (), ()),
        # nova-compute alone is.
        (set(), ("n4",), ()),
        ({"n3", "n4"}, ("n3", "n4"), ("n3", "n4")),
        ({"n2", "n3", "n4"}, ("n2", "n3", "n4"), ()),
        # One that runs no machines.
        ({"n9"}, (), ()),
    ],
)
def test_dead_is_who_both_miss(silent: set[str], missed: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert dead(silent, services(*missed)) == found


def server(name: str, status: str = "ACTIVE", task: str | None = None, image: object = "") -> dict[str, Any]:
    return {"id": name, "status": status, "OS-EXT-STS:task_state": task, "image": image}


@pytest.mark.parametrize(
    ("machine", "moves"),
    [
        (server("a"), True),
        (server("a", image={"id": "i"}), False),
        (server("b", image={"id": "i"}), True),
        (server("b", "SHUTOFF", image={"id": "i"}), True),
        (server("b", "BUILD", image={"id": "i"}), False),
        (server("b", task="rebuild_spawning", image={"id": "i"}), False),
        (server("b", task="powering-on", image={"id": "i"}), True),
    ],
)
def test_only_a_machine_with_all_its_data_moves(machine: dict[str, Any], *, moves: bool) -> None:
    assert bool(to_move([machine], {"b_disk", "c_disk"})) == moves

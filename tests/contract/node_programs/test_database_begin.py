"""A database that runs nowhere begins again by itself: not before whoever may have more is there.

The tests build on each other, in this order.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from piston_iac import cloud_layout as layout
from tests.contract.node_programs import databases as db
from tests.contract.node_programs.machines import Machines, wait_until

FIRST, SECOND = NODES = ("n1", "n2")
THIRD = "n3"
CREATE = (
    "CREATE DATABASE shop; CREATE TABLE shop.goods (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20));"
)


@pytest.fixture(scope="module")
def members(rack: Machines) -> Iterator[Machines]:
    db.furnish(rack)
    db.first_member(rack, FIRST)
    db.sql(rack, FIRST, CREATE)
    db.join(rack, SECOND)
    yield rack


def forget(rack: Machines, node: str) -> None:
    """What systemd does when the unit has ended: its directory is gone."""
    assert rack.run(node, "rm", "-r", "/run/piston-galera").status == 0


def position(rack: Machines, node: str) -> int:
    text = rack.run(node, "cat", layout.GALERA_POSITION).output
    return int(text.rpartition(":")[2] or -1)


def group(rack: Machines, word: str) -> int:
    """What the first member says of the group that it is in: its `size`, or its `weight` for a majority."""
    name = f"wsrep_cluster_{word}"
    (line,) = db.sql(rack, FIRST, f"SHOW STATUS LIKE '{name}'")
    return int(line.split()[-1])


def test_a_member_that_has_fetched_the_data_counts(members: Machines) -> None:
    wait_until(lambda: group(members, "weight") == len(NODES), "it counts")


def test_a_row_that_another_one_changed_meanwhile_can_be_written(members: Machines) -> None:
    """OpenStack's services read rows, and write them later in the same transaction."""
    db.sql(members, FIRST, "INSERT INTO shop.goods (name) VALUES ('first')")
    reads, writes = "SELECT name, SLEEP(2) FROM shop.goods", "UPDATE shop.goods SET name = 'both'"
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(db.sql, members, FIRST, f"START TRANSACTION; {reads}; {writes}; COMMIT")
        time.sleep(1.0)
        db.sql(members, FIRST, "UPDATE shop.goods SET name = 'changed'")
        slow.result()
    assert db.rows(members, FIRST) == ["both"]


def test_one_that_is_alone_waits_and_says_what_it_has(members: Machines) -> None:
    db.stop(members, SECOND, layout.GALERA_UNIT)
    forget(members, SECOND)
    wait_until(lambda: db.in_step(members, FIRST), "the first one goes on")
    db.sql(members, FIRST, "INSERT INTO shop.goods (name) VALUES ('newest')")
    members.crash(FIRST, layout.GALERA_UNIT)
    forget(members, FIRST)
    db.start(members, SECOND, layout.GALERA_UNIT)
    wait_until(lambda: position(members, SECOND) > 0, "it says where it stands")
    time.sleep(6.0)
    assert not db.in_step(members, SECOND)


def test_when_the_one_with_the_newest_row_is_back_it_begins(members: Machines) -> None:
    db.start(members, FIRST, layout.GALERA_UNIT)
    for node in NODES:
        wait_until(lambda node=node: db.in_step(members, node), f"the database of {node}", 60)  # type: ignore[misc]
        assert db.rows(members, node) == ["both", "newest"]


def test_members_that_come_without_data_and_die_take_no_majority_along(members: Machines) -> None:
    db.stop(members, SECOND, layout.GALERA_UNIT)
    forget(members, SECOND)
    assert members.run(SECOND, "rm", "-r", "/persist/galera").status == 0
    wait_until(lambda: db.in_step(members, FIRST), "the first one goes on")
    for node in (SECOND, THIRD):
        assert db.program(members, node, "galera", "recover").status == 0
        db.start(members, node, layout.GALERA_UNIT)
    wait_until(lambda: group(members, "size") == 3, "both of them come")
    for node in (SECOND, THIRD):
        assert not db.in_step(members, node)
        members.crash(node, layout.GALERA_UNIT)
    wait_until(lambda: group(members, "size") == 1, "they are gone")
    wait_until(lambda: db.in_step(members, FIRST), "the first one goes on")
    assert db.rows(members, FIRST) == ["both", "newest"]


def test_one_that_is_cut_off_while_it_fetches_the_data_gets_in_step(members: Machines) -> None:
    """Galera gets over it by itself here. With a third one that joined too it did not: see `test_outcast`."""
    server = f"$(cat /run/units/{layout.GALERA_UNIT})"
    assert members.run(SECOND, "rm", "-r", "/persist/galera").status == 0
    assert db.program(members, SECOND, "galera", "recover").status == 0
    db.start(members, SECOND, layout.GALERA_UNIT)
    wait_until(lambda: group(members, "size") == len(NODES), "it comes")
    assert not db.in_step(members, SECOND)
    members.run(SECOND, "sh", "-c", f"kill -STOP {server}")
    wait_until(lambda: group(members, "size") == 1, "it is missed")
    members.run(SECOND, "sh", "-c", f"kill -CONT {server}")

    def in_step() -> bool:
        db.asked_by_balancers(members, SECOND)
        if members.run(SECOND, "sh", "-c", f"kill -0 {server}").status:
            # As its unit does.
            db.start(members, SECOND, layout.GALERA_UNIT)
        return db.in_step(members, SECOND)

    wait_until(in_step, "it is in step", 120)
    assert db.rows(members, SECOND) == ["both", "newest"]

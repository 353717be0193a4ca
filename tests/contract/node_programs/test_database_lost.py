"""The databases come back with a host away that has the old data, and when no host has any data at all.

The tests build on each other, in this order.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.cli.database_hosts import Hosts
from piston_iac.cli.database_restore import Restore
from piston_iac.errors import DeviceRefused
from tests.contract.node_programs import databases as db
from tests.contract.node_programs.database_agents import Agent, Keepers
from tests.contract.node_programs.machines import Machines, wait_until

FIRST, SECOND = NODES = ("n1", "n2")
CREATE = (
    "CREATE DATABASE shop; CREATE TABLE shop.goods (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20));"
)


@pytest.fixture(scope="module")
def agents(rack: Machines) -> Iterator[dict[str, Agent]]:
    db.storage(rack)
    db.furnish(rack)
    db.first_member(rack, FIRST)
    db.sql(rack, FIRST, CREATE)
    db.sql(rack, FIRST, "INSERT INTO shop.goods (name) VALUES ('kept')")
    db.join(rack, SECOND)
    with Keepers(rack) as keepers:
        yield {node: Agent(rack, node, keepers) for node in NODES}


@pytest.fixture(scope="module")
def moments() -> dict[str, int]:
    return {}


def test_a_backup_that_is_damaged_touches_nothing_in_use(
    rack: Machines, agents: dict[str, Agent], moments: dict[str, int]
) -> None:
    db.start(rack, FIRST, layout.BACKUP_UNIT)
    wait_until(lambda: bool(db.chains(rack)), "a backup")
    moment = db.tick()
    db.sql(rack, FIRST, "INSERT INTO shop.goods (name) VALUES ('too late')")
    wait_until(lambda: db.covered(rack, moment), "a backup that goes on to the moment")
    (chain,) = db.chains(rack)
    name = f"{chain['id']}/full.000000"
    db.objects(
        rack,
        f"old = pool.read({name!r}, 1 << 23); pool.write_full('kept', old); pool.remove_object({name!r})",
    )
    restore = Restore(Hosts(agents), print)
    with pytest.raises(DeviceRefused, match=r"part 0 of backup .* is missing"):
        restore.run(restore.plan(moment, ()))
    for node in NODES:
        assert db.rows(rack, node) == ["kept", "too late"]
    db.objects(rack, f"pool.write_full({name!r}, pool.read('kept', 1 << 23)); pool.remove_object('kept')")
    moments["kept"] = moment


def test_what_an_absent_host_had_is_gone_when_it_comes_back(
    rack: Machines, agents: dict[str, Agent], moments: dict[str, int]
) -> None:
    rack.crash(SECOND, layout.GALERA_UNIT)
    agents[SECOND].away = True
    restore = Restore(Hosts(agents), print)
    restore.run(restore.plan(moments["kept"], (SECOND,)))
    assert db.rows(rack, FIRST) == ["kept"]
    agents[SECOND].away = False
    db.start(rack, SECOND, layout.GALERA_UNIT)
    wait_until(lambda: db.in_step(rack, SECOND), "the second one back", 60)
    assert db.rows(rack, SECOND) == ["kept"]


def test_all_of_it_comes_back_when_no_host_has_any_data(rack: Machines, agents: dict[str, Agent]) -> None:
    db.sql(rack, FIRST, "INSERT INTO shop.goods (name) VALUES ('newest')")
    moment = db.tick()
    wait_until(lambda: db.covered(rack, moment), "a backup that goes on to the moment", 60)
    for node in reversed(NODES):
        rack.crash(node, layout.GALERA_UNIT)
        assert rack.run(node, "rm", "-r", "/persist/galera").status == 0
    restore = Restore(Hosts(agents), print)
    restore.run(restore.plan(None, ()))
    for node in NODES:
        assert db.rows(rack, node) == ["kept", "newest"]

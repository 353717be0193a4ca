"""The databases go back to a moment: real members, real backups, the command's own steps.

The tests build on each other, in this order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.cli.database_hosts import Hosts
from piston_iac.cli.database_restore import Restore
from piston_iac.errors import DeviceRefused, Unreachable, UnsafeChange
from tests.contract.node_programs import databases as db
from tests.contract.node_programs.database_agents import Agent, Keepers
from tests.contract.node_programs.machines import ADDRESSES, Machines, wait_until

NODES = tuple(ADDRESSES)
CREATE = (
    "CREATE DATABASE shop; CREATE TABLE shop.goods (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20));"
)


@pytest.fixture(scope="module")
def agents(rack: Machines) -> Iterator[dict[str, Agent]]:
    db.storage(rack)
    db.furnish(rack)
    db.first_member(rack, "n1")
    db.sql(rack, "n1", CREATE)
    db.sql(rack, "n1", "INSERT INTO shop.goods (name) VALUES ('in the copy')")
    for node in NODES[1:]:
        db.join(rack, node)
    with Keepers(rack) as keepers:
        yield {node: Agent(rack, node, keepers) for node in NODES}


@pytest.fixture(scope="module")
def moments(rack: Machines, agents: dict[str, Agent]) -> dict[str, Any]:
    """Rows before and after a moment that a backup leads to."""
    db.start(rack, "n2", layout.BACKUP_UNIT)
    wait_until(lambda: bool(db.chains(rack)), "a backup")
    db.sql(rack, "n1", "INSERT INTO shop.goods (name) VALUES ('in the logs')")
    db.sql(rack, "n3", "CREATE TABLE shop.prices (id INT PRIMARY KEY); INSERT INTO shop.prices VALUES (7)")
    moment = db.tick()
    db.sql(rack, "n1", "DELETE FROM shop.goods; DROP TABLE shop.prices")
    db.sql(rack, "n1", "INSERT INTO shop.goods (name) VALUES ('too late')")
    wait_until(lambda: db.covered(rack, moment), "a backup that goes on to the moment")
    (cluster,) = db.sql(
        rack,
        "n1",
        "SELECT variable_value FROM information_schema.global_status "
        "WHERE variable_name = 'wsrep_cluster_state_uuid'",
    )
    return {"moment": moment, "cluster": cluster}


def test_a_moment_that_no_backup_leads_to_is_refused(rack: Machines, agents: Any, moments: Any) -> None:
    restore = Restore(Hosts(agents), print)
    (chain,) = Hosts(agents).backups()
    with pytest.raises(DeviceRefused, match="the oldest backup begins at"):
        restore.plan(chain.start - 60, ())
    with pytest.raises(DeviceRefused, match="the newest backup ends at"):
        restore.plan(chain.until + 3600, ())


def test_a_silent_host_is_left_out_only_by_name(rack: Machines, agents: Any, moments: Any) -> None:
    agents["n3"].away = True
    restore = Restore(Hosts(agents), print)
    with pytest.raises(UnsafeChange, match="control host n3 does not answer"):
        restore.plan(moments["moment"], ())
    assert restore.plan(moments["moment"], ("n3",)).hosts == ("n1", "n2")
    agents["n3"].away = False
    with pytest.raises(UnsafeChange, match="control host n3 answers"):
        restore.plan(moments["moment"], ("n3",))


def test_a_restore_that_is_cut_short_goes_on(rack: Machines, agents: Any, moments: Any) -> None:
    said: list[str] = []
    restore = Restore(Hosts(agents), said.append)
    plan = restore.plan(moments["moment"], ())
    host = plan.order.host
    agents[host].broken = layout.RESTORE_INSTALL
    with pytest.raises(Unreachable):
        restore.run(plan)
    assert not any(db.in_step(rack, node) for node in NODES)
    # Nobody but the restore brings it back meanwhile.
    other = next(node for node in NODES if node != host)
    assert "a restore of the databases is under way" in db.program(rack, other, "galera", "recover").errors
    agents[host].broken = ""
    with pytest.raises(UnsafeChange, match="is under way"):
        restore.plan(moments["moment"] - 1, ())
    again = restore.plan(None, ())
    assert (again.begun, again.order) == (True, plan.order)
    restore.run(again)
    print("\n".join(said))


def test_exactly_what_was_there_is_there_on_every_host(rack: Machines, agents: Any, moments: Any) -> None:
    for node in NODES:
        assert db.rows(rack, node) == ["in the copy", "in the logs"]
        assert db.sql(rack, node, "SELECT id FROM shop.prices") == ["7"]
        (cluster,) = db.sql(
            rack,
            node,
            "SELECT variable_value FROM information_schema.global_status "
            "WHERE variable_name = 'wsrep_cluster_state_uuid'",
        )
        assert cluster == moments["cluster"]
        listed = rack.run(node, "sh", "-c", "ls /persist/galera; ls /persist/galera/before-*/data/ibdata1")
        assert listed.status == 0, listed.errors
        assert "restore" not in listed.output.split()

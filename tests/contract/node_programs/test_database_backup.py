"""Backups of a real database in a real Ceph: who makes them, what counts, what is refused.

The tests build on each other, in this order.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from piston_iac import ceph_layout
from piston_iac import cloud_layout as layout
from tests.contract.node_programs import databases as db
from tests.contract.node_programs.machines import Machines, key, wait_until

MAKER, STANDBY = "n2", "n1"
PASSWORD = "a password of the tests only"


@pytest.fixture(scope="module")
def before(rack: Machines) -> dict[str, Any]:
    """Two members with a database, and the storage."""
    db.storage(rack)
    db.furnish(rack)
    db.first_member(rack, STANDBY)
    db.sql(rack, STANDBY, "CREATE DATABASE shop; CREATE TABLE shop.goods (id INT PRIMARY KEY, name TEXT)")
    db.sql(rack, STANDBY, "INSERT INTO shop.goods VALUES (1, 'in the copy')")
    db.join(rack, MAKER)
    return {}


def test_one_host_makes_a_chain_and_the_other_stands_by(rack: Machines, before: dict[str, Any]) -> None:
    for node in (STANDBY, MAKER):
        db.start(rack, node, layout.BACKUP_UNIT)
    wait_until(lambda: len(db.chains(rack)) == 1, "a chain")
    (chain,) = db.chains(rack)
    # The member that takes all statements comes forward last.
    assert chain["host"] == MAKER
    wait_until(lambda: db.status(rack, STANDBY).get("chain") == chain["id"], "the other one sees it")
    before["chain"] = chain["id"]
    time.sleep(3)
    assert (db.status(rack, MAKER)["holder"], db.status(rack, STANDBY)["holder"]) == (True, False)
    assert db.objects(rack, "print(*store.known())") == [chain["id"]]
    assert rack.run(STANDBY, "cat", f"/run/units/{layout.BACKUP_UNIT}.log").output == ""


def test_the_lock_keeps_out_one_that_does_not_wait_its_turn(rack: Machines, before: dict[str, Any]) -> None:
    db.furnish(rack, yield_s=0, defer_s=0)
    db.stop(rack, STANDBY, layout.BACKUP_UNIT)
    assert rack.run(STANDBY, "rm", layout.BACKUP_STATUS).status == 0
    db.start(rack, STANDBY, layout.BACKUP_UNIT)
    wait_until(lambda: bool(db.status(rack, STANDBY)), "it to have looked")
    time.sleep(3)
    assert (db.status(rack, MAKER)["holder"], db.status(rack, STANDBY)["holder"]) == (True, False)
    assert db.objects(rack, "print(*store.known())") == [before["chain"]]
    db.furnish(rack)


def test_it_goes_on_with_what_is_written_anywhere(rack: Machines, before: dict[str, Any]) -> None:
    given = {"names": ["keystone"], "password": PASSWORD}
    assert db.program(rack, STANDBY, "database", "make", given=given).status == 0
    login = ["mariadb", "--no-defaults", f"--socket={layout.GALERA_SOCKET}", "--user=keystone"]
    own = rack.run(MAKER, *login, f"--password={PASSWORD}", "keystone", stdin="SELECT 1")
    assert own.status == 0, own.errors
    db.sql(rack, STANDBY, "INSERT INTO shop.goods VALUES (2, 'in the logs')")
    before["moment"] = db.tick()
    db.sql(rack, STANDBY, "DELETE FROM shop.goods WHERE id = 1")
    wait_until(lambda: db.covered(rack, before["moment"]), "the logs to be sent")
    (chain,) = db.chains(rack)
    assert chain["id"] == before["chain"]
    assert time.time() - chain["until"] < 5


def test_logs_that_the_server_removes_are_kept_in_the_chain(rack: Machines, before: dict[str, Any]) -> None:
    db.sql(rack, MAKER, "SET GLOBAL max_binlog_total_size = 50000")
    for _ in range(6):
        db.sql(rack, MAKER, "INSERT INTO shop.goods SELECT MAX(id) + 1, REPEAT('x', 20000) FROM shop.goods")
        moment = db.tick()
        wait_until(lambda moment=moment: db.covered(rack, moment), "the logs to be sent")
        db.sql(rack, MAKER, "FLUSH NO_WRITE_TO_BINLOG BINARY LOGS")
    left = [int(row.split()[1]) for row in db.sql(rack, MAKER, "SHOW BINARY LOGS")]
    assert sum(left) < 80_000
    (chain,) = db.chains(rack)
    assert (chain["id"], chain["log_bytes"] > 120_000) == (before["chain"], True)


def test_no_password_and_no_key_is_in_what_is_stored_or_seen(rack: Machines, before: dict[str, Any]) -> None:
    script = f"""
from piston_iac.node_programs.cloud.backup_chain import pieces
(chain,) = store.whole()
stored = b"".join([*store.full(chain), *(store.piece(chain.id, it) for it in pieces(chain.logs))])
print({PASSWORD!r}.encode() in stored, b"CREATE USER" in stored)
"""
    assert db.objects(rack, script) == ["False True"]
    places = "/run /tmp /var/log /proc/[0-9]*/cmdline /proc/[0-9]*/environ"
    for secret in (PASSWORD, key(layout.BACKUP_ENTITY)):
        assert rack.run(MAKER, "sh", "-c", f"grep -rslF -f - {places}", stdin=secret).output == ""


def test_its_key_opens_its_own_objects_alone(rack: Machines, before: dict[str, Any]) -> None:
    script = """
import rados
for namespace in ("", "others"):
    pool.set_namespace(namespace)
    for action in (lambda: pool.write_full("x", b"x"), lambda: pool.read("x")):
        try:
            action()
            print("allowed")
        except rados.PermissionError:
            print("refused")
"""
    assert set(db.objects(rack, script)) == {"refused"}


def test_a_chain_that_is_only_half_made_does_not_count_and_goes(
    rack: Machines, before: dict[str, Any]
) -> None:
    db.objects(rack, 'store.begin("00-half"); store.put_part("00-half", 0, b"half")')
    assert [it["id"] for it in db.chains(rack)] == [before["chain"]]
    refused = db.program(rack, STANDBY, "restore", "stage", given={"chain": "00-half", "at": 1})
    assert (refused.status, refused.errors) == (1, "there is no backup 00-half any more")


def test_a_server_that_starts_again_gets_a_chain_of_its_own(rack: Machines, before: dict[str, Any]) -> None:
    db.stop(rack, MAKER, layout.GALERA_UNIT)
    wait_until(lambda: db.status(rack, MAKER)["waits"] == "database", "the maker lacks its database")
    db.start(rack, MAKER, layout.GALERA_UNIT)
    wait_until(lambda: db.in_step(rack, MAKER), "the member back", 60)
    wait_until(lambda: len(db.chains(rack)) == 2, "another chain", 60)
    # Whoever makes one also takes away what nobody finishes.
    wait_until(lambda: "00-half" not in db.objects(rack, "print(*store.known())")[0], "the half one gone")
    assert db.objects(rack, "print(store._exists('00-half/full.000000'))") == ["False"]


def test_the_other_host_takes_over_from_one_that_is_gone(rack: Machines, before: dict[str, Any]) -> None:
    holder = db.chains(rack)[-1]["host"]
    other = STANDBY if holder == MAKER else MAKER
    count = len(db.chains(rack))
    rack.crash(holder, layout.BACKUP_UNIT)
    wait_until(lambda: len(db.chains(rack)) > count, "a chain of the other host", 40)
    assert db.chains(rack)[-1]["host"] == other
    db.start(rack, holder, layout.BACKUP_UNIT)


def test_old_chains_go_and_two_stay(rack: Machines, before: dict[str, Any]) -> None:
    newest = [it["id"] for it in db.chains(rack)][-1]
    db.furnish(rack, keep_s=0, chain_s=0)
    # Both: the other one may take over, and reads its settings when it starts.
    restart_makers(rack)
    wait_until(
        lambda: newest not in [it["id"] for it in db.chains(rack)] and len(db.chains(rack)) <= 3,
        "the old ones gone",
        40,
    )
    assert len(db.chains(rack)) >= 2
    left = db.objects(rack, "print(len({it.key.split('/')[0] for it in pool.list_objects()}))")
    # Chains, one that may be in the making, and the three objects that are about all of them.
    assert int(left[0]) <= 3 + 1 + 3
    db.furnish(rack)
    restart_makers(rack)


def restart_makers(rack: Machines) -> None:
    for host in (MAKER, STANDBY):
        db.stop(rack, host, layout.BACKUP_UNIT)
        db.start(rack, host, layout.BACKUP_UNIT)


def test_a_damaged_part_is_refused_and_nothing_is_left(rack: Machines, before: dict[str, Any]) -> None:
    chain = db.chains(rack)[-1]
    given = {"chain": chain["id"], "at": chain["until"]}
    flip = f"""
name = {chain["id"]!r} + "/full.000000"
content = bytearray(pool.read(name, 1 << 23))
content[len(content) // 2] ^= 1
pool.write_full(name, bytes(content))
"""
    db.objects(rack, flip)
    refused = db.program(rack, STANDBY, "restore", "stage", given=given)
    assert refused.status == 1
    assert "is damaged" in refused.errors
    db.objects(rack, flip)
    log = f"pool.write_full({chain['id']!r} + '/log.000000', b'{{}}\\nnothing')"
    db.objects(rack, log)
    refused = db.program(rack, STANDBY, "restore", "stage", given=given)
    assert refused.errors == f"piece 0 of the logs of backup {chain['id']} is damaged"
    assert db.program(rack, STANDBY, "restore", "look", given={}).answer["staged"] is None


def test_a_storage_that_is_away_is_waited_for(rack: Machines, before: dict[str, Any]) -> None:
    # As in a site, others wait for longer than a call to the storage may last: the settings of these tests
    # give the one that made the chain seven seconds, and a loaded machine took longer.
    db.furnish(rack, yield_s=60)
    restart_makers(rack)
    newest = db.chains(rack)[-1]["id"]
    rack.crash("n1", ceph_layout.osd_unit("n1-osd-1"))
    for node in (STANDBY, MAKER):
        wait_until(lambda node=node: db.status(rack, node)["waits"] == "storage", "it to be noticed", 60)
    rack.start("n1", ceph_layout.osd_unit("n1-osd-1"))
    moment = int(time.time())
    # The one that made the chain goes on with it: it has no gap.
    wait_until(lambda: db.covered(rack, moment), f"{newest} to go on", 60)
    assert db.chains(rack)[-1]["id"] == newest
    wait_until(lambda: db.status(rack, MAKER)["waits"] == "", "both to know")
    told = json.loads(db.program(rack, MAKER, "look", "all", given={}).output)["backup"]
    assert (told["chain"], told["fault"]) == (newest, "")
    assert told["age_s"] < 60

"""Members of the database on the test machines, and a storage for their backups: what tests do to them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from piston_iac import ceph_layout
from piston_iac import cloud_layout as layout
from piston_iac.plan.ceph.caps import CLIENTS, DATABASES
from piston_iac.plan.services.galera import server_conf
from tests.contract.node_programs.machines import ADDRESSES, Done, Machines, conf, key, wait_until
from tests.contract.node_programs.test_cluster import bootstrap, make, new_osd

NODES = tuple(ADDRESSES)
SETTINGS = {
    "round_s": 1,
    "chain_s": 3600,
    "keep_s": 604800,
    "lock_s": 3,
    "retry_s": 2,
    "yield_s": 7,
    "defer_s": 2,
}
_HERE = Path(__file__).parent
# Reads and writes objects of the backups, with the key that their makers have.
_OBJECTS = """
import sys
from piston_iac.node_programs.cloud.backup_store import open_store
with open_store() as store:
    pool = store._pool
    exec(sys.stdin.read())
"""


def storage(rack: Machines) -> None:
    """A cluster of one mon and one OSD, with the pool and the key of the backups."""
    for node in NODES:
        text = conf(node).replace("= host=", "= root=default host=")
        alone = "osd_pool_default_size = 1\nosd_pool_default_min_size = 1\nmon_allow_pool_size_one = true\n"
        rack.write(node, ceph_layout.CONF, text.replace("[mon]\n", f"{alone}[mon]\n", 1))
        assert rack.run(node, "chmod", "644", ceph_layout.CONF).status == 0
        keyring = f"[{DATABASES}]\n\tkey = {key(DATABASES)}\n"
        rack.write(node, layout.BACKUP_KEYRING, keyring, owner="mysql")
    assert rack.program("n1", "ceph_mon", "bootstrap", bootstrap()).answer == {"made": True}
    new_osd(rack, 0)
    assert rack.program("n1", "ceph_osd", "make", make(0)).answer == {"made": True}
    wait_until(lambda: rack.look("status")["osdmap"]["num_up_osds"] == 1, "the OSD up")
    caps = [word for pair in CLIENTS[DATABASES].items() for word in pair]
    made = rack.call(
        "change",
        {"prefix": "osd pool create", "pool": layout.BACKUP_POOL, "pg_num": 8},
        {"prefix": "osd pool application enable", "pool": layout.BACKUP_POOL, "app": "rbd"},
    )
    assert [it["code"] for it in made] == [0, 0], made
    text = f"[{DATABASES}]\n\tkey = {key(DATABASES)}\n"
    (added,) = rack.call("change", {"prefix": "auth add", "entity": DATABASES, "caps": caps}, text=text)
    assert added["code"] == 0, added


def furnish(rack: Machines, **settings: float) -> None:
    """What the documents of control hosts would have written."""
    for node, own in ADDRESSES.items():
        # The machines have one network: each has to listen on its own address alone.
        text = server_conf("t", node, ADDRESSES).replace(
            "gcache.size=64M", f"gcache.size=8M;gmcast.listen_addr=tcp://{own}:{layout.GALERA_PORT}"
        )
        access = {"node": node, "own": own, "members": ADDRESSES, "address": "10.99.0.100"}
        for path, content in (
            (layout.GALERA_CONF, text),
            (layout.ACCESS, json.dumps(access)),
            (layout.BACKUP_CONF, json.dumps({**SETTINGS, **settings})),
            ("/run/database_driven.py", (_HERE / "database_driven.py").read_text()),
        ):
            rack.write(node, path, content, owner="mysql")
            assert rack.run(node, "chmod", "644", path).status == 0


def program(rack: Machines, node: str, module: str, *words: str, given: Any = None) -> Done:
    """Run a program of the control plane as the agent does."""
    stdin = "" if given is None else json.dumps(given)
    return rack.run(node, "python3", "/run/database_driven.py", module, *words, stdin=stdin, limit_s=120)


def start(rack: Machines, node: str, unit: str) -> None:
    assert program(rack, node, "start", unit).status == 0


def stop(rack: Machines, node: str, unit: str) -> None:
    assert program(rack, node, "stop", unit).status == 0


def first_member(rack: Machines, node: str) -> None:
    """The database of one node alone, as after `pulumi up`."""
    text = (
        "from piston_iac.node_programs.cloud import galera;"
        "galera.make_empty(); galera.tell_new(); galera.mark_ready()"
    )
    assert rack.run(node, "python3", "-c", text).status == 0
    start(rack, node, layout.GALERA_UNIT)
    start(rack, node, layout.GALERA_CHECK_UNIT)
    wait_until(lambda: in_step(rack, node), f"the database of {node}")


def join(rack: Machines, node: str) -> None:
    """Another member, as its agent makes it one."""
    wait_until(lambda: program(rack, node, "galera", "recover").status == 0, f"{node} may join")
    start(rack, node, layout.GALERA_UNIT)
    start(rack, node, layout.GALERA_CHECK_UNIT)
    wait_until(lambda: in_step(rack, node), f"the database of {node}", 60)
    asked_by_balancers(rack, node)


def asked_by_balancers(rack: Machines, node: str) -> None:
    """What happens each second on a control host."""
    code = f"from piston_iac.node_programs.cloud import galera_check as it; it.is_member({ADDRESSES[node]!r})"
    assert rack.run(node, "python3", "-c", code).status == 0


def in_step(rack: Machines, node: str) -> bool:
    done = rack.run(
        node,
        "python3",
        "-c",
        "from piston_iac.node_programs.cloud import galera_check as g;print(g.usable(g.local_status()))",
    )
    return done.output.strip() == "True"


def sql(rack: Machines, node: str, statement: str) -> list[str]:
    """Rows, a line each."""
    done = rack.run(
        node,
        "mariadb",
        "--no-defaults",
        f"--socket={layout.GALERA_SOCKET}",
        "--batch",
        "--skip-column-names",
        stdin=f"SET SESSION wsrep_sync_wait=15;\n{statement}",
    )
    assert done.status == 0, done.errors
    return done.output.splitlines()


def rows(rack: Machines, node: str) -> list[str]:
    return sql(rack, node, "SELECT name FROM shop.goods ORDER BY id")


def status(rack: Machines, node: str) -> dict[str, Any]:
    """What the maker of backups on a node says of itself; nothing before it has."""
    done = rack.run(node, "cat", layout.BACKUP_STATUS)
    return dict(json.loads(done.output)) if done.status == 0 else {}


def chains(rack: Machines, node: str = "n1") -> list[dict[str, Any]]:
    return list(program(rack, node, "restore", "list", given={}).answer["chains"])


def objects(rack: Machines, script: str, node: str = "n1") -> list[str]:
    """Do something to the objects of the backups: `store`, `pool`. What it printed, a line each."""
    done = rack.run(node, "python3", "-c", _OBJECTS, stdin=script)
    assert done.status == 0, done.errors
    return done.output.splitlines()


def tick() -> int:
    """A moment that lies between what was before and what comes after, seconds since 1970."""
    time.sleep(1.1)
    moment = int(time.time()) + 1
    time.sleep(max(0.0, moment - time.time()) + 0.1)
    return moment


def covered(rack: Machines, moment: int, node: str = "n1") -> bool:
    """Whether a backup goes on to a moment."""
    return any(it["start"] <= moment <= it["until"] for it in chains(rack, node))

"""Every mon store is lost: the cluster made anew from its OSDs, with a real Ceph.

The tests build on each other, in this order.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from piston_iac import ceph_layout
from tests.contract.node_programs.machines import ADDRESSES, FSID, Machines, conf, key, wait_until
from tests.contract.node_programs.test_cluster import bootstrap, make, new_osd, quorum, recover

NODES = tuple(ADDRESSES)
POOL = "kept"
# Writes an object, or reads it: prints the SHA-256 of what the OSDs hold. The key comes on standard input.
_OBJECT = f"""
import hashlib, rados, sys
handle = rados.Rados(conffile="{ceph_layout.CONF}", name="client.admin")
handle.conf_set("key", sys.stdin.read())
handle.conf_set("rados_osd_op_timeout", "20")
handle.connect(timeout=20)
pool = handle.open_ioctx("{POOL}")
if sys.argv[1] == "write":
    pool.write_full("object", bytes(range(256)) * 4096)
print(handle.get_instance_id(), hashlib.sha256(pool.read("object", 1 << 21)).hexdigest())
"""


def rebuild(rack: Machines, node: str, verb: str, given: bytes) -> tuple[int, bytes, str]:
    """Run the program; its status, what it printed, its last line of errors."""
    command = rack.command(node, "python3", "/run/rebuild_driven.py", verb)
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return done.returncode, done.stdout, lines[-1] if lines else ""


def collected(rack: Machines, node: str, given: bytes = b"") -> bytes:
    status, store, said = rebuild(rack, node, "collect", given)
    assert status == 0, said
    return store


def install(rack: Machines, node: str, store: bytes, **changes: Any) -> tuple[int, bytes, str]:
    request = {name: value for name, value in bootstrap(node=node, **changes).items() if name != "permit"}
    request["address"] = ADDRESSES[node]
    return rebuild(rack, node, "install", json.dumps(request).encode() + b"\n" + store)


def osds_in(store: bytes) -> list[int]:
    with tarfile.open(fileobj=io.BytesIO(store)) as tar:
        listed = tar.extractfile(ceph_layout.COLLECTED)
        assert listed is not None
        return list(json.load(listed))


def object_(rack: Machines, verb: str) -> tuple[int, str]:
    """The client's number, and the checksum of the object."""
    done = rack.run("n1", "python3", "-c", _OBJECT, verb, stdin=key("client.admin"))
    assert done.status == 0, done.errors
    number, digest = done.output.split()
    return int(number), digest


def clean(rack: Machines) -> bool:
    pgs = rack.look("status")["pgmap"]
    states = {it["state_name"]: it["count"] for it in pgs.get("pgs_by_state", [])}
    return set(states) == {"active+clean"} and pgs["num_pgs"] > 0


def start_all(rack: Machines, node: str) -> None:
    rack.start(node, ceph_layout.osd_unit(f"{node}-osd-1"))


@pytest.fixture(scope="module")
def before(rack: Machines) -> dict[str, Any]:
    """A cluster of three mons and three OSDs with an object in it; what is to be the same afterwards."""
    driver = (Path(__file__).parent / "rebuild_driven.py").read_text()
    for node in NODES:
        rack.write(node, "/run/rebuild_driven.py", driver)
        # Data needs OSDs below the root that pools are spread over.
        rack.write(node, ceph_layout.CONF, conf(node).replace("= host=", "= root=default host="))
        assert rack.run(node, "chmod", "644", ceph_layout.CONF).status == 0
    assert rack.program("n1", "ceph_mon", "bootstrap", bootstrap()).answer == {"made": True}
    rack.start("n1", ceph_layout.mgr_unit("n1"))
    for node in NODES[1:]:
        recover(rack, node)
    wait_until(lambda: quorum(rack) == set(NODES), "three mons in quorum")
    for number in range(3):
        new_osd(rack, number)
        assert rack.program(NODES[number], "ceph_osd", "make", make(number)).answer == {"made": True}
    wait_until(lambda: rack.look("status")["osdmap"]["num_up_osds"] == 3, "three OSDs up")
    made = rack.call(
        "change",
        {"prefix": "osd pool create", "pool": POOL, "pg_num": 8},
        {"prefix": "osd pool application enable", "pool": POOL, "app": "rados"},
    )
    assert [it["code"] for it in made] == [0, 0], made
    wait_until(lambda: clean(rack), "all placement groups clean", 60.0)
    number, digest = object_(rack, "write")
    dump = rack.look("osd dump")
    return {
        "digest": digest,
        "client": number,
        "pools": dump["pools"],
        "uuids": [it["uuid"] for it in dump["osds"]],
    }


def test_nothing_is_touched_while_a_mon_answers(rack: Machines, before: dict[str, Any]) -> None:
    for done in (rebuild(rack, "n2", "collect", b""), install(rack, "n2", b"")):
        assert (done[0], done[1]) == (1, b"")
        assert "a mon answers at 10.99.0.11, 10.99.0.12, 10.99.0.13" in done[2]
    assert rack.look("status")["osdmap"]["num_up_osds"] == 3


def test_a_whole_store_is_not_replaced(rack: Machines, before: dict[str, Any]) -> None:
    for node in NODES:
        rack.crash(node, ceph_layout.mon_unit(node))
    rack.crash("n1", ceph_layout.mgr_unit("n1"))
    status, _, said = rebuild(rack, "n1", "collect", b"")
    assert (status, "this node has a whole mon store" in said) == (1, True)
    status, _, said = install(rack, "n1", b"")
    assert (status, f"has a whole mon store, of cluster {FSID}" in said) == (1, True)


def test_the_cluster_comes_back_from_its_osds(rack: Machines, before: dict[str, Any]) -> None:
    for node in NODES:
        assert rack.run(node, "rm", "-r", "/persist/ceph").status == 0
    # As after a power cut: an OSD's directory is in memory.
    rack.crash("n3", ceph_layout.osd_unit("n3-osd-1"))
    assert rack.run("n3", "rm", "-r", "/var/lib/ceph/osd/ceph-2", "/run/piston-osd").status == 0
    store = b""
    for node in NODES:
        store = collected(rack, node, store)
        places = "/persist /run/piston-mon-rebuild /tmp"
        assert rack.run(node, "sh", "-c", f"find {places} -type f 2>/dev/null").output == ""
    assert osds_in(store) == [0, 1, 2]
    status, _, said = install(rack, "n1", store[: len(store) // 2])
    assert status == 1, said
    status, output, said = install(rack, "n1", store)
    assert (status, json.loads(output or b"{}")) == (0, {"osds": [0, 1, 2]}), said
    wait_until(lambda: quorum(rack) == {"n1"}, "a quorum of one")
    assert rack.look("mon dump")["fsid"] == FSID
    dump = rack.look("osd dump")
    assert [it["uuid"] for it in dump["osds"]] == before["uuids"]
    assert [(it["pool"], it["pool_name"]) for it in dump["pools"]] == [
        (it["pool"], it["pool_name"]) for it in before["pools"]
    ]


def test_no_key_is_left_lying_about(rack: Machines, before: dict[str, Any]) -> None:
    places = "/etc/ceph /run /tmp /root /var/lib /proc/[0-9]*/cmdline /proc/[0-9]*/environ"
    found = rack.run("n1", "sh", "-c", f"grep -rslF -f - {places}", stdin=key("client.admin"))
    assert found.output == ""


def test_osds_start_and_the_data_is_the_same(rack: Machines, before: dict[str, Any]) -> None:
    for node in NODES:
        start_all(rack, node)
    rack.start("n1", ceph_layout.mgr_unit("n1"))
    wait_until(lambda: rack.look("status")["osdmap"]["num_up_osds"] == 3, "three OSDs up", 60.0)
    wait_until(lambda: clean(rack), "all placement groups clean", 90.0)
    number, digest = object_(rack, "read")
    assert digest == before["digest"]
    # OSDs know writes by the client's number: none may be given twice.
    assert number > before["client"] + 10_000
    before["client"] = number


def test_the_other_mons_join_the_rebuilt_one(rack: Machines, before: dict[str, Any]) -> None:
    for node in NODES[1:]:
        recover(rack, node)
    wait_until(lambda: quorum(rack) == set(NODES), "three mons in quorum", 60.0)
    wait_until(lambda: rack.look("health")["status"] == "HEALTH_OK", "HEALTH_OK", 60.0)
    known = {it["entity"] for it in rack.look("auth ls")["auth_dump"]}
    assert known == {"mon.", "client.admin", "mgr.n1", "mgr.n2", "osd.0", "osd.1", "osd.2"}
    assert object_(rack, "write")[1] == before["digest"]


def test_it_can_be_lost_a_second_time(rack: Machines, before: dict[str, Any]) -> None:
    for node in NODES:
        rack.crash(node, ceph_layout.mon_unit(node))
        assert rack.run(node, "rm", "-r", "/persist/ceph").status == 0
    rack.crash("n1", ceph_layout.mgr_unit("n1"))
    store = b""
    for node in reversed(NODES):
        store = collected(rack, node, store)
    status, _, said = install(rack, "n2", store)
    assert status == 0, said
    for node in NODES:
        start_all(rack, node)
    wait_until(lambda: rack.look("status")["osdmap"]["num_up_osds"] == 3, "three OSDs up", 60.0)
    number, digest = object_(rack, "read")
    assert digest == before["digest"]
    # The mons skip 10,000 numbers at an election.
    assert number > before["client"] + 10_000

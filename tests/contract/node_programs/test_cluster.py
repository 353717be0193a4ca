"""The programs against a real Ceph: one cluster, from nothing to a mon and an OSD lost and found.

The tests build on each other, in this order.
"""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from piston_iac import ceph_layout
from piston_iac.trust.cephx import key_digest
from piston_iac.trust.secret import Secret
from tests.contract.node_programs.machines import (
    ADDRESSES,
    FSID,
    Done,
    Machines,
    key,
    request,
    wait_until,
)

NODES = tuple(ADDRESSES)
OTHER = "00000000-1111-4222-8333-444444444444"
ADMIN = {"mon": "allow *", "mgr": "allow *", "osd": "allow *"}


def uuid_of(number: int) -> str:
    return f"11111111-0000-4000-8000-00000000000{number}"


def bootstrap(permit: str = "good", **changes: Any) -> dict[str, Any]:
    entities = {"client.admin": {"key": key("client.admin"), "caps": ADMIN}}
    for node in NODES[:2]:
        entities[f"mgr.{node}"] = {
            "key": key(f"mgr.{node}"),
            "caps": {"mon": "profile mgr", "osd": "allow *"},
        }
    return {
        "node": "n1",
        "fsid": FSID,
        "address": ADDRESSES["n1"],
        "permit": permit,
        "entities": entities,
        **changes,
    }


def make(number: int, **changes: Any) -> dict[str, Any]:
    serial = f"{NODES[number]}-osd-1"
    return {"serial": serial, "id": number, "uuid": uuid_of(number), "fsid": FSID, "erase": False, **changes}


def exists(rack: Machines, node: str, path: str) -> bool:
    return rack.run(node, "test", "-e", path).status == 0


def quorum(rack: Machines) -> set[str]:
    return set(rack.look("quorum_status")["quorum_names"])


def recover(rack: Machines, node: str, start: bool = True) -> None:
    """While the others settle with whoever joined before there is no quorum: try again, as the run does."""
    wait_until(lambda: rack.program(node, "ceph_mon", "recover").status == 0, f"{node} recovers")
    if start:
        rack.start(node, ceph_layout.mon_unit(node))


def test_without_peers_a_mon_stays_absent(rack: Machines) -> None:
    before = time.monotonic()
    done = rack.program("n2", "ceph_mon", "recover")
    assert (done.status, done.errors) == (3, "no other mon answers")
    assert time.monotonic() - before < 3.0
    assert not exists(rack, "n2", ceph_layout.mon_data("n2"))


def test_only_a_permit_that_counts_makes_a_cluster(rack: Machines) -> None:
    refused = rack.program("n1", "ceph_mon", "bootstrap", bootstrap("used"))
    assert refused.status == 1
    assert "permit" in refused.errors
    other = rack.program("n1", "ceph_mon", "bootstrap", bootstrap(fsid=OTHER))
    assert f"ceph.conf is for cluster {FSID}" in other.errors
    assert not exists(rack, "n1", ceph_layout.mon_data("n1"))


def test_the_first_mon_is_made_once_over_what_was_cut_short(rack: Machines) -> None:
    rack.write("n1", f"{ceph_layout.mon_data('n1')}/store.db/half", "x")
    assert rack.program("n1", "ceph_mon", "bootstrap", bootstrap()).answer == {"made": True}
    again = rack.program("n1", "ceph_mon", "bootstrap", bootstrap("used"))
    assert again.answer == {"made": False}
    assert rack.run("n1", "cat", "/run/redeemed").output == "used\nused\n"
    assert quorum(rack) == {"n1"}
    places = "/etc/ceph /run /tmp /root /var/lib /proc/[0-9]*/cmdline /proc/[0-9]*/environ"
    found = rack.run("n1", "sh", "-c", f"grep -rslF -f - {places}", stdin=key("client.admin"))
    assert found.output == ""


def test_a_whole_store_of_another_cluster_is_left_alone(rack: Machines) -> None:
    mark = ceph_layout.mon_ready("n3")
    rack.write("n3", mark, f"{OTHER}\n")
    done = rack.program("n3", "ceph_mon", "recover")
    assert done.status == 3
    assert f"mon store of cluster {OTHER}" in done.errors
    assert rack.run("n3", "rm", mark).status == 0


def test_looking_gives_no_key_away_and_changes_nothing(rack: Machines) -> None:
    listed = rack.look("auth ls")["auth_dump"]
    digests = {entry["entity"]: entry["key"] for entry in listed}
    assert digests["client.admin"] == key_digest(Secret(key("client.admin")))
    assert key("client.admin") not in json.dumps(listed)
    refused = rack.program("n1", "ceph_call", "look", request({"prefix": "osd out", "ids": ["0"]}))
    assert (refused.status, refused.output) == (1, "")
    assert "`osd out` is not among" in refused.errors


def test_a_change_stops_at_the_first_refusal(rack: Machines) -> None:
    answers = rack.call(
        "change", {"prefix": "osd set", "key": "noout"}, {"prefix": "nonsense"}, {"prefix": "status"}
    )
    assert [answer["code"] for answer in answers] == [0, -22]
    assert rack.call("change", {"prefix": "osd unset", "key": "noout"})[0]["code"] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": key("client.other")}, "no quorum of mons lets client.admin in"),
        (
            {"commands": [{"to": "moon", "command": {"prefix": "pg stat"}}]},
            "does not fit this image (ValueError)",
        ),
    ],
)
def test_what_cannot_be_is_said_in_time(rack: Machines, changes: dict[str, Any], said: str) -> None:
    before = time.monotonic()
    done = rack.program("n1", "ceph_call", "look", {**request(timeout_s=2.0), **changes})
    assert done.status == 1
    assert said in done.errors
    assert time.monotonic() - before < 5.0


def test_no_mgr_is_an_answer(rack: Machines) -> None:
    asked = request({"prefix": "pg stat"}, to="mgr", timeout_s=2.0)
    (answer,) = rack.program("n1", "ceph_call", "look", asked).answer["answers"]
    assert answer == {"code": -110, "output": "", "status": "Connection timed out"}


def test_the_mons_own_key_only_fetches_their_map(rack: Machines) -> None:
    asked = [{"to": "mon", "command": {"prefix": it}} for it in ("auth ls", "config dump", "status")]
    as_mon = {"name": "mon.", "key": key("mon."), "timeout_s": 5.0, "commands": asked}
    answers = rack.program("n2", "ceph_call", "look", as_mon).answer["answers"]
    assert [answer["code"] for answer in answers] == [-13, -13, -13]


def test_the_other_mons_join(rack: Machines) -> None:
    rack.start("n1", ceph_layout.mgr_unit("n1"))
    for node in NODES[1:]:
        recover(rack, node)
    wait_until(lambda: quorum(rack) == set(NODES), "three mons in quorum")
    assert rack.look("mon dump")["fsid"] == FSID


def test_the_mgr_loads_without_a_crash_report(rack: Machines) -> None:
    wait_until(lambda: bool(rack.look("mgr dump")["available"]), "an active mgr", 60.0)
    assert rack.call("look", {"prefix": "crash ls"}, to="mgr")[0]["output"] == []
    assert rack.run("n1", "ls", "/var/lib/ceph/crash").output == "posted\n"


def new_osd(rack: Machines, number: int) -> None:
    secret = json.dumps({"cephx_secret": key(ceph_layout.osd_key_name(f"{NODES[number]}-osd-1"))})
    (answer,) = rack.call("change", {"prefix": "osd new", "uuid": uuid_of(number)}, text=secret)
    assert answer["output"] == {"osdid": number}


def marker(rack: Machines, node: str) -> str:
    look = "from piston_iac.node_agent.disks import see_disks; print(see_disks()[0].marker)"
    return rack.run(node, "python3", "-c", look).output.strip()


def cut_short(rack: Machines, number: int) -> None:
    """Begin to make an OSD, and kill all of it once the disk has a label."""
    node = NODES[number]
    command = rack.command(node, "python3", "/run/driven.py", "ceph_osd", "make")
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(make(number)).encode())
    process.stdin.close()
    label = "until head -qc 22 /dev/loop* | grep -q bluestore; do sleep 0.02; done"
    assert rack.run(node, "sh", "-c", label).status == 0
    # Only what runs in these machines can be seen from inside.
    for command_line in ("driven.py ceph_osd make", "ceph-osd --mkfs"):
        assert rack.run(node, "pkill", "-9", "-f", command_line).status == 0
    process.wait(timeout=10)
    assert marker(rack, node) == f"osd:/{uuid_of(number)}/"


def test_osds_are_made_also_after_a_kill_halfway(rack: Machines) -> None:
    for number in range(3):
        new_osd(rack, number)
    cut_short(rack, 2)
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda it: rack.program(NODES[it], "ceph_osd", "make", make(it)), range(3)))
    assert [it.answer for it in done] == [{"made": True}] * 3
    wait_until(lambda: rack.look("status")["osdmap"]["num_up_osds"] == 3, "three OSDs up")
    assert rack.program("n1", "ceph_osd", "make", make(0)).answer == {"made": False}


def test_health_is_ok_with_nothing_muted(rack: Machines) -> None:
    wait_until(lambda: rack.look("health")["status"] == "HEALTH_OK", "HEALTH_OK", 60.0)
    assert rack.look("health", detail="detail") == {"status": "HEALTH_OK", "checks": {}, "mutes": []}


def test_a_live_disk_is_not_made_into_another_osd(rack: Machines) -> None:
    done = rack.program("n1", "ceph_osd", "make", make(0, uuid=uuid_of(9), erase=True))
    assert done.status == 1
    assert "is in use" in done.errors


def up(rack: Machines, number: int) -> bool:
    osds = {it["osd"]: it for it in rack.look("osd dump")["osds"]}
    return bool(osds[number]["up"])


def test_an_osd_comes_back_from_its_label(rack: Machines) -> None:
    unit = ceph_layout.osd_unit("n3-osd-1")
    rack.crash("n3", unit)
    wait_until(lambda: not up(rack, 2), "the dead OSD is noticed")
    assert rack.run("n3", "rm", "-r", "/var/lib/ceph/osd/ceph-2", "/run/piston-osd").status == 0
    rack.start("n3", unit)
    wait_until(lambda: up(rack, 2), "the OSD is up again")


def test_an_osd_of_another_cluster_is_refused(rack: Machines) -> None:
    conf = rack.run("n3", "cat", ceph_layout.CONF).output
    rack.write("n3", ceph_layout.CONF, conf.replace(FSID, OTHER))
    primed = rack.program("n3", "ceph_osd", "prime")
    assert primed.status == 2
    primed = rack.run("n3", "python3", "/run/driven.py", "ceph_osd", "prime", "n3-osd-1")
    assert (primed.status, f"an OSD of cluster {FSID}, not of {OTHER}" in primed.errors) == (1, True)
    rack.write("n3", ceph_layout.CONF, conf)
    assert rack.run("n3", "chmod", "644", ceph_layout.CONF).status == 0


def test_a_mon_that_lost_its_disks_is_made_anew_by_a_quorum_only(rack: Machines) -> None:
    born = rack.look("mon dump")["created"]
    for node in NODES[1:]:
        rack.crash(node, ceph_layout.mon_unit(node))
    assert rack.run("n3", "rm", "-r", "/persist/ceph").status == 0
    # The one that is left notices it when its lease is over.
    asked = request({"prefix": "quorum_status"}, timeout_s=1.0)
    wait_until(lambda: rack.program("n1", "ceph_call", "look", asked).status != 0, "no quorum any more")
    done: Done = rack.program("n3", "ceph_mon", "recover")
    assert done.status == 3
    assert "no quorum of mons lets mon. in" in done.errors
    assert not exists(rack, "n3", ceph_layout.mon_data("n3"))
    rack.start("n2", ceph_layout.mon_unit("n2"))
    recover(rack, "n3", start=False)
    # Two mons that lost their stores must not be a quorum of nothing: each knows only the others.
    extract = "ceph-mon -i n3 --extract-monmap /tmp/seed 2>/dev/null && monmaptool --print /tmp/seed"
    seed = rack.run("n3", "sh", "-c", extract).output
    assert ("mon.n1" in seed, "mon.n2" in seed, "mon.n3" in seed) == (True, True, False)
    assert rack.run("n3", "chown", "-R", "ceph:", ceph_layout.mon_data("n3")).status == 0
    rack.start("n3", ceph_layout.mon_unit("n3"))
    wait_until(lambda: quorum(rack) == set(NODES), "three mons in quorum")
    dump = rack.look("mon dump")
    assert (dump["created"], dump["fsid"], len(dump["mons"])) == (born, FSID, 3)


def test_a_retired_osd_leaves_a_blank_disk(rack: Machines) -> None:
    assert rack.program("n3", "ceph_osd", "retire", {"uuid": uuid_of(2)}).answer == {"erased": "n3-osd-1"}
    assert rack.program("n3", "ceph_osd", "retire", {"uuid": uuid_of(2)}).answer == {"erased": ""}
    assert marker(rack, "n3") == "blank"

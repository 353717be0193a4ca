"""After an install that was killed and went on: one cluster, one of each thing, nothing twice or over."""

from __future__ import annotations

import json
from collections import Counter

from piston_iac.lab.bmc_log import parse_state
from piston_iac.lab.settings import from_environment
from tests.lab.operator_shell import NODES, Rack
from tests.lab.storage import Storage

POOLS = {".mgr", "images", "volumes", "vms", "backups", "objects"}
DAEMONS = {"mgr.n2", "mgr.n3", *(f"osd.{number}" for number in range(5))}
ACCOUNTS = ["ADMIN", "piston", "piston-rescue"]
JOURNAL = "cat /run/piston/journal.jsonl"


def check_one_of_each(rack: Rack) -> None:
    """Fail if anything was made twice, erased, or left over."""
    _one_cluster(rack)
    _one_permit()
    for node in NODES:
        _one_mirror(rack, node)
        _one_account_each(node)


def _one_cluster(rack: Rack) -> None:
    storage, state = Storage(rack), rack.state()["ceph"]["outputs"]
    born = rack.must("piston ceph run lab -- config-key get piston/born").strip()
    map_ = storage.ceph("osd dump")
    assert (map_["fsid"], born) == (state["fsid"], state["born"])
    assert map_["max_osd"] == len(NODES)
    osds = {osd["uuid"]: (osd["up"], osd["in"]) for osd in map_["osds"]}
    assert list(osds.values()) == [(1, 1)] * len(NODES), map_["osds"]
    # By the serials of their disks, and nothing beside them.
    assert set(state["osds"]) == {f"{node}-osd-1" for node in NODES}
    assert set(state["mons"]) == {"n1", "n2", "n3"}
    assert {pool["pool_name"] for pool in map_["pools"]} == POOLS
    known = {entry["entity"] for entry in storage.ceph("auth ls")["auth_dump"]}
    assert {name for name in known if name.startswith(("osd.", "mgr."))} == DAEMONS
    assert {name for name in known if name.startswith("client.")} - _bootstrap(known) == {"client.admin"}


def _bootstrap(known: set[str]) -> set[str]:
    """Entities that Ceph makes in each new cluster; nobody gets their keys."""
    return {name for name in known if name.startswith("client.bootstrap-")}


def _one_permit() -> None:
    lines = (from_environment().home("boot") / "data" / "journal.jsonl").read_text().splitlines()
    told = [json.loads(line)["what"] for line in lines]
    verbs = Counter(what.split()[0] for what in told if "permit ceph-bootstrap" in what)
    assert (verbs["used"], verbs["finished"]) == (1, 1), verbs


def _one_mirror(rack: Rack, node: str) -> None:
    lines = rack.lab(f"console {node} -- {JOURNAL}").splitlines()
    did = [json.loads(line)["what"] for line in lines]
    assert len([what for what in did if what.startswith("make local mirror")]) == 1, did
    assert [what for what in did if what.startswith("erase")] == []


def _one_account_each(node: str) -> None:
    """As the BMC keeps them: a slot that was written half would be one more, or one less."""
    number = node.removeprefix("n")
    kept = from_environment().home(f"bmc{number}") / "state" / "ipmi_sim" / node / "users.mc20"
    users = parse_state(kept.read_text())
    names = {
        slot: name
        for key, name in users.items()
        for slot, _, what in [key.partition(".")]
        if what == "username"
    }
    assert sorted(names.values()) == ACCOUNTS, names

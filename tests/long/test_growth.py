"""One node more, and one node less: only what is its own changes, and the data moves by itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.lab.operator_shell import NODES, Rack
from tests.lab.stack_file import storage_only
from tests.lab.storage import Storage

UNITS = "ceph-mon@* ceph-mgr@* piston-osd@* chrony.service piston-agent.service"


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's stack file with a sixth node: the fifth one's block, one number further."""
    text = storage_only()
    block = re.search(r"    n5:\n(?:      .*\n)+", text)
    assert block
    sixth = re.sub(r"\bn5\b", "n6", block[0]).replace("number: 5", "number: 6").replace(".115", ".116")
    sixth = re.sub(r"(52:54:00:0.:00:)05", r"\g<1>06", sixth)
    path = tmp_path_factory.mktemp("stack") / "Pulumi.lab.yaml"
    path.write_text(text.replace(block[0], block[0] + sixth))
    return path


@pytest.fixture(scope="module")
def written(storage: Storage) -> dict[str, str]:
    return storage.write("grown")


def running_since(rack: Rack, node: str) -> str:
    """When each daemon of the node was started, and the boot it runs in."""
    show = f"systemctl show -p Id,ActiveEnterTimestampMonotonic {UNITS}"
    return rack.lab(f"console {node} -- sh -c '{show}; cat /proc/sys/kernel/random/boot_id'")


def test_the_plan_shows_only_what_is_its_own(storage: Storage, written: dict[str, str], six: Path) -> None:
    storage.rack.lab("add-node")
    plan = storage.rack.preview(six)
    assert plan.code == 0, plan.text
    change = r"^ *[+~-]\S* +pulumi-python:dynamic/piston:(\S+) (\S+) (?:create|update|delete|replace)"
    touched = re.findall(change, plan.text, re.MULTILINE)
    others = {(kind, name) for kind, name in touched if "n6" not in name}
    assert others == {("BootNode", "boot-node"), ("CephCluster", "ceph")}, plan.text
    told = plan.told()
    assert told["CephCluster (ceph)"] == ["osds.n6-osd-1: (none) => up, in"], plan.text
    assert all("n6" in line for line in told["BootNode (boot-node)"]), plan.text


def test_up_installs_just_that_one_and_the_data_spreads(
    storage: Storage, written: dict[str, str], six: Path
) -> None:
    rack = storage.rack
    before = {node: running_since(rack, node) for node in NODES}
    writes, capacity = rack.writes(), storage.capacity_gib()
    done = rack.up(six)
    assert done.code == 0, done.text
    storage.wait_healthy()
    assert {node: running_since(rack, node) for node in NODES} == before
    after = rack.writes()
    # Mon hosts are asked to run the commands that make the OSD: that is counted where it is run.
    quiet = [f"bmc {node}" for node in NODES] + [f"node {node}" for node in ("n4", "n5")]
    assert {name: after[name] for name in quiet} == {name: writes[name] for name in quiet}
    assert storage.capacity_gib() == pytest.approx(capacity * 6 / 5, rel=0.01)
    groups = {it["name"]: it["pgs"] for it in storage.ceph("osd df")["nodes"]}
    assert groups[f"osd.{storage.osd_numbers()['n6']}"] > 0
    assert storage.read("grown") == written
    assert rack.preview(six).is_clean()


def test_a_node_taken_out_is_drained_and_nobody_else_notices(
    storage: Storage, written: dict[str, str]
) -> None:
    rack = storage.rack
    before = {node: running_since(rack, node) for node in NODES}
    plan = rack.preview()
    assert plan.told()["CephCluster (ceph)"] == ["osds.n6-osd-1: up, in => (none)"], plan.text
    done = rack.up()
    assert done.code == 0, done.text
    storage.wait_healthy()
    assert {node: running_since(rack, node) for node in NODES} == before
    assert set(storage.osd_numbers()) == set(NODES)
    assert storage.read("grown") == written
    machines = json.loads(rack.lab("status --json"))["machines"]
    assert next(it["state"] for it in machines if it["name"] == "n6") == "off"
    assert rack.preview().is_clean()

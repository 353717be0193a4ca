"""What the operator's machine adds to a bundle, and what it never does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from piston_iac.devices.node_agent import AgentJournal, JournalEntry
from piston_iac.status import local_parts
from piston_iac.status.asking import Answer
from piston_iac.status.bound import bound_outputs
from piston_iac.status.handover import device_parts
from piston_iac.status.history import BOOT_JOURNAL
from piston_iac.status.look import Looking
from piston_iac.status.probes import clients
from tests.unit.status.rack import AT, DECLARED, LAB, SITE, Rack, silent


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    history = tmp_path / "state" / ".pulumi" / "history" / "piston" / "lab"
    history.mkdir(parents=True)
    for number, result in ((1, "failed"), (2, "succeeded")):
        told = {"git.head": "abc", "git.author.email": "somebody@example.org"}
        run = {"kind": "update", "result": result, "environment": told, "config": {"piston:seed": {}}}
        (history / f"lab-{number}.history.json").write_text(json.dumps(run))
    return tmp_path / "state"


def test_the_last_run_without_its_configuration_and_without_people(backend: Path) -> None:
    environment = {"PULUMI_BACKEND_URL": f"file://{backend}"}
    assert local_parts.last_run("lab", environment) == {
        "kind": "update",
        "result": "succeeded",
        "environment": {"git.head": "abc"},
    }
    assert local_parts.last_run("berne", environment) is None
    assert local_parts.last_run("lab", {"PULUMI_BACKEND_URL": "https://app.example"}) is None
    assert local_parts.last_run("lab", {}) is None


def test_the_labs_logs_are_the_labs_alone(tmp_path: Path) -> None:
    (tmp_path / "n1").mkdir()
    (tmp_path / "n1" / "console.log").write_text("booted\n")
    (tmp_path / "empty.log").touch()
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot" / "ca.key").write_text("private")
    environment = {"PISTON_LAB_DIR": str(tmp_path), "PISTON_LAB": "1"}
    assert local_parts.lab_logs(environment) == {"n1-console.log": b"booted\n"}
    assert local_parts.lab_logs({"PISTON_LAB_DIR": str(tmp_path)}) == {}


def test_of_a_long_log_the_end(tmp_path: Path) -> None:
    (tmp_path / "long.log").write_bytes(b"".join(b"line %d\n" % number for number in range(60_000)))
    content = local_parts.lab_logs({"PISTON_LAB_DIR": str(tmp_path), "PISTON_LAB": "1"})["long.log"]
    assert len(content) < 1 << 18
    assert content.startswith(b"line ")
    assert content.endswith(b"line 59999\n")


def test_the_passphrase_is_known_so_that_it_can_be_looked_for(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("open sesame\n")
    assert local_parts.passphrase({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "p")}) == "open sesame"
    assert local_parts.passphrase({"PULUMI_CONFIG_PASSPHRASE": "abc"}) == "abc"
    assert local_parts.passphrase({"PULUMI_CONFIG_PASSPHRASE_FILE": "/nowhere"}) == ""
    assert local_parts.passphrase({}) == ""


def test_what_check_says(tmp_path: Path) -> None:
    sound, faulty = tmp_path / "Pulumi.lab.yaml", tmp_path / "Pulumi.bad.yaml"
    sound.write_text(LAB)
    faulty.write_text(LAB.replace("vid: 20", "vid: 10"))
    assert local_parts.check_text(sound) == "ok\n"
    assert "networks.service.vid" in local_parts.check_text(faulty)


# What the devices add --------------------------------------------------------------------------


def test_what_devices_told_and_who_did_not() -> None:
    rack, look = Rack(), Looking(SITE, tuple(DECLARED), clients(SITE), (), ())
    rack.off("n3")
    entry = JournalEntry("2026-11-23T00:46:16+00:00", "set host name n1")
    answers = {
        **rack.answers,
        "journal n1": Answer(AgentJournal(1, (entry,))),
        "journal n3": Answer(error=silent("agent of n3")),
        BOOT_JOURNAL: Answer({"writes": 1, "entries": [{"at": "t", "who": "operator", "what": "settings"}]}),
        "Ceph's own words": Answer({"osd tree": {"nodes": []}, "health": {"status": "HEALTH_OK"}}),
    }
    parts = device_parts(look, answers, None, AT)
    assert json.loads(parts["status.json"])["nodes"][2]["power"] == "off"
    assert json.loads(parts["nodes/n1-report.json"])["phase"] == "settled"
    assert "set host name n1" in parts["nodes/n1-journal.jsonl"].decode()
    assert "set host name n1" in parts["nodes/n1-why.txt"].decode()
    assert parts["nodes/n3-why.txt"].decode().splitlines()[-1].startswith("now: it is powered off")
    assert not {"nodes/n3-report.json", "nodes/n3-journal.jsonl"} & parts.keys()
    assert json.loads(parts["boot-node-state.json"])["writes"] == 3
    assert json.loads(parts["boot-node-journal.jsonl"])["what"] == "settings"
    assert {"ceph/osd-tree.json", "ceph/health.json"} <= parts.keys()
    assert parts["unread.txt"].decode().count("agent of n3") == 1


def test_with_every_device_dead_there_is_still_a_bundle() -> None:
    look = Looking(SITE, tuple(DECLARED), clients(SITE), (), ())
    answers = {key: Answer(error=silent("it")) for key in Rack().answers}
    assert device_parts(look, answers, None, AT).keys() == {
        "status.json",
        "unread.txt",
        *(f"nodes/{node}-why.txt" for node in SITE.nodes),
    }


# What first contact bound ----------------------------------------------------------------------


def test_only_what_is_pinned_is_taken_from_the_state() -> None:
    urn = "urn:pulumi:lab::piston::pulumi-python:dynamic/piston:"
    state = {
        "deployment": {
            "resources": [
                {"urn": "urn:pulumi:lab::piston::pulumi:pulumi:Stack::piston-lab"},
                {"urn": f"{urn}BareMetalNode::n1", "outputs": {"guid": "g1", "power": "on"}},
                {"urn": f"{urn}CephCluster::ceph", "outputs": {"born": "stamp", "adminKey": {"x": 1}}},
                {"urn": f"{urn}SwitchVlan::data-vlan20", "outputs": {"vid": 20}},
                {"urn": f"{urn}BareMetalNode::n9", "outputs": {"guid": "gone"}},
            ]
        }
    }
    assert bound_outputs(state, DECLARED) == {"n1": {"guid": "g1"}, "ceph": {"born": "stamp"}}
    assert bound_outputs({"deployment": {}}, DECLARED) == {}
    assert bound_outputs({"deployment": None}, DECLARED) == {}

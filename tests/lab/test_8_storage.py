"""Cluster storage on the rack: healthy, written to by Ceph's own clients, and proof against losses."""

from __future__ import annotations

import pytest

from tests.lab.operator_shell import NODES
from tests.lab.storage import Storage, check_writes_while_it_dies

_FILES = "/etc/ceph /var/lib/ceph /persist/ceph --include=*key*"
FIND_KEYS = f"sh -c 'grep -rslE [A-Za-z0-9+/]{{38}}== {_FILES}; true'"
POWERS = ("osd pool create stolen 8", "auth get client.admin", "osd set pause", "config set global a b")


@pytest.fixture(scope="module")
def written(storage: Storage) -> dict[str, str]:
    """Known bytes, as they were when they were written."""
    return storage.write("kept")


def test_it_is_healthy_without_a_mute(storage: Storage) -> None:
    told = storage.ceph("health detail")
    assert told["status"] == "HEALTH_OK"
    assert told.get("mutes", []) == []
    assert storage.ceph("crash ls") == []


def test_every_object_is_there_three_times_on_different_nodes(
    storage: Storage, written: dict[str, str]
) -> None:
    place = storage.ceph("osd map volumes kept-0")
    hosts = {number: node for node, number in storage.osd_numbers().items()}
    assert len({hosts[number] for number in place["acting"]}) == 3


def test_no_key_on_a_node_administers_the_cluster(storage: Storage) -> None:
    """Every key in any file of Ceph's on any node: what it may do, tried with Ceph's own client."""
    rack = storage.rack
    tried = []
    for node in NODES:
        for path in rack.lab(f"console {node} -- {FIND_KEYS}").split():
            entity, keyring = _keyring(storage, node, path)
            for words in POWERS:
                done = rack.shell(
                    f"piston lab console {node} -- timeout 20 ceph -n {entity} -k {keyring} {words}"
                )
                assert done.code not in (0, 124), f"{entity} on {node} may: {words}"
                assert "EACCES" in done.text, done.text
            tried.append(entity)
    assert {"mon.", "mgr.n2", "mgr.n3", *(f"osd.{number}" for number in range(5))} == set(tried)


def _keyring(storage: Storage, node: str, path: str) -> tuple[str, str]:
    """Entity and keyring of a file with a key; a file that holds the bare key of an OSD becomes a keyring."""
    text = storage.rack.lab(f"console {node} -- cat {path}")
    if text.startswith("["):
        return text[1:].partition("]")[0], path
    entity = f"osd.{storage.osd_numbers()[node]}"
    storage.rack.lab(f"console {node} -- ceph-authtool /run/tried -C -n {entity} --add-key {text.strip()}")
    return entity, "/run/tried"


def test_a_node_that_dies_stalls_writes_for_a_moment_only(storage: Storage, written: dict[str, str]) -> None:
    """The first node has the most to lose: it leads the mons. The others are in tests/long."""
    rack = storage.rack
    check_writes_while_it_dies(storage, "n1")
    plan = rack.preview()
    assert plan.told() == {"BareMetalNode (n1)": ["power: off => on"]}, plan.text
    assert rack.up().code == 0
    storage.wait_healthy()
    assert storage.read("kept") == written


def test_a_node_whose_disks_are_lost_comes_back_as_itself(storage: Storage, written: dict[str, str]) -> None:
    rack = storage.rack
    before, numbers = storage.identity(), storage.osd_numbers()
    rack.lab("power n2 off --hard")
    rack.lab("wipe-disks n2")
    done = rack.up()
    assert done.code == 0, done.text
    storage.wait_healthy()
    assert storage.identity() == before
    assert storage.osd_numbers() == numbers
    assert set(storage.ceph("quorum_status")["quorum_names"]) == {"n1", "n2", "n3"}
    assert storage.read("kept") == written
    assert rack.preview().is_clean()


def test_the_whole_rack_loses_power_and_comes_back_by_itself(
    storage: Storage, written: dict[str, str]
) -> None:
    rack = storage.rack
    before = storage.identity()
    rack.lab("blackout")
    for node in NODES:
        rack.lab(f"power {node} on")
    # All of it boots at once: about a minute on a quiet machine, more than two on a starved one. What counts
    # is that nobody helps.
    storage.wait_healthy(240.0)
    assert storage.identity() == before
    assert storage.read("kept") == written
    assert rack.preview().is_clean()

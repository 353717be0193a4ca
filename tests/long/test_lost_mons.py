"""Every mon store of the rack is gone: mons are made anew from the OSDs, and nothing of the data is lost."""

from __future__ import annotations

import pytest

from tests.lab.operator_shell import NODES
from tests.lab.storage import Storage

pytestmark = pytest.mark.timeout(900)
MON_HOSTS = ("n1", "n2", "n3")


def test_lost_mons_are_made_from_the_osds(storage: Storage) -> None:
    rack = storage.rack
    written, before, numbers = storage.write("rebuilt"), storage.identity(), storage.osd_numbers()
    rack.lab("blackout")
    for node in MON_HOSTS:
        rack.lab(f"wipe-disks {node} --slots 1,2,3,4")
    refused = rack.up()
    assert refused.code != 0
    assert "every mon store is gone" in refused.text, refused.text
    assert "piston ceph rebuild-mons" in refused.text
    said = rack.must("piston ceph rebuild-mons lab", timeout_s=400)
    assert all(f"{node}: maps of OSD {numbers[node]} read" in said for node in NODES), said
    done = rack.up()
    assert done.code == 0, done.text
    storage.wait_healthy()
    assert storage.identity() == before
    assert storage.osd_numbers() == numbers
    assert set(storage.ceph("quorum_status")["quorum_names"]) == set(MON_HOSTS)
    assert storage.read("rebuilt") == written
    assert rack.preview().is_clean()


def test_it_is_refused_while_there_are_mons(storage: Storage) -> None:
    done = storage.rack.shell("piston ceph rebuild-mons lab")
    assert done.code == 1
    assert "has a whole mon store" in done.text, done.text
    assert storage.health() == "HEALTH_OK"

"""A disk dies and is swapped, a data cable is pulled: each is one line; up rebuilds the mirror."""

from __future__ import annotations

from tests.lab.operator_shell import Rack
from tests.lab.storage import Storage

DATA = "/persist/piston-test-data"


def test_a_swapped_disk_is_rebuilt_from_its_mirror(ready: Rack) -> None:
    ready.lab(f"console n1 -- sh -c 'head -c 16M /dev/urandom > {DATA}; sync'")
    written = ready.lab(f"console n1 -- sha256sum {DATA}")
    boot = ready.lab("console n1 -- cat /proc/sys/kernel/random/boot_id")
    ready.lab("pull-disk n1 2")
    plan = ready.preview()
    assert plan.told() == {"BareMetalNode (n1)": ["mirror.state: degraded, without n1-local-2 => healthy"]}, (
        plan.text
    )
    ready.lab("swap-disk n1 2")
    repaired = ready.up()
    assert repaired.code == 0, repaired.text
    after = ready.preview()
    assert after.is_clean(), after.text
    assert ready.lab(f"console n1 -- sha256sum {DATA}") == written
    assert ready.lab("console n1 -- cat /proc/sys/kernel/random/boot_id") == boot
    ready.lab(f"console n1 -- rm {DATA}")


def test_a_pulled_data_cable_is_seen(ready: Rack) -> None:
    ready.lab("cut n4 data")
    plan = ready.preview()
    told = plan.told()
    assert told.pop("BareMetalNode (n4)") == ["uplink: no carrier => up"], plan.text
    # Ceph calls an OSD down after six seconds of silence, which a slow plan outlasts.
    assert told in ({}, {"CephCluster (ceph)": ["osds.n4-osd-1: down, in => up, in"]}), plan.text
    ready.lab("plug n4 data")
    Storage(ready).wait_healthy()
    after = ready.preview()
    assert after.is_clean(), after.text

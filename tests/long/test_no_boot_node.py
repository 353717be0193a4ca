"""Rack and boot node lose power, and the boot node stays away: the storage comes back all the same."""

from __future__ import annotations

import time

import pytest

from tests.lab.operator_shell import NODES
from tests.lab.storage import Storage

pytestmark = pytest.mark.timeout(900)


def test_it_comes_back_without_its_boot_node(storage: Storage) -> None:
    rack, written = storage.rack, storage.write("kept")
    for node in NODES:
        rack.lab(f"console {node} -- sh -c 'until [ -e /persist/boot/current.json ]; do sleep 1; done'")
    rack.lab("blackout --boot")
    for node in NODES:
        rack.lab(f"power {node} on")
    storage.wait_healthy(180)
    assert storage.read("kept") == written
    rack.lab("power boot on")
    time.sleep(30)
    assert rack.up().code == 0
    assert rack.preview().is_clean()

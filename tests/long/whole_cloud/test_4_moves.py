"""Machines move between nodes while they run; those with all their data in the storage outlive their node."""

from __future__ import annotations

import time

import pytest

from tests.lab.cloud_user import CloudUser

pytestmark = pytest.mark.timeout(1500)
_AWAY_S = 180.0


@pytest.mark.parametrize("in_storage", [False, True])
def test_a_machine_moves_while_it_runs(user: CloudUser, *, in_storage: bool) -> None:
    name = f"moves-{'volume' if in_storage else 'local'}"
    address = user.starts(name, "n4", in_storage=in_storage)
    booted = user.page_s(address, name)
    began = time.monotonic()
    user.does(f"--os-compute-api-version 2.30 server migrate {name} --live-migration --host n5 --wait")
    took = time.monotonic() - began
    assert user.host_of(name) == "n5"
    silent = user.page_s(address, name)
    print(f"{name}: page after {booted:.0f} s, moved in {took:.0f} s, its page {silent:.1f} s after that")
    user.removes(name, address)


def test_a_machine_with_its_disk_in_the_storage_outlives_its_node(user: CloudUser) -> None:
    address = user.starts("outlives", "n5", in_storage=True)
    lost = user.starts("lost", "n5")
    user.page_s(address, "outlives")
    user.page_s(lost, "lost")
    began = time.monotonic()
    user.cloud.rack.lab("power n5 off --hard")
    while user.host_of("outlives") == "n5":
        assert time.monotonic() - began < _AWAY_S, "still on the dead node"
        time.sleep(3.0)
    moved = time.monotonic() - began
    user.page_s(address, "outlives")
    back = time.monotonic() - began
    print(f"on another node after {moved:.0f} s, its page is back after {back:.0f} s")
    assert back < _AWAY_S
    assert "was started on" in user.cloud.rack.must("piston why n5")
    # Its disk is on the dead node: started elsewhere it would be empty.
    assert user.host_of("lost") == "n5"
    done = user.cloud.up()
    assert done.code == 0, done.text
    # The node is back with its mirror, so this one is too.
    user.page_s(lost, "lost")
    user.removes("outlives", address)
    user.removes("lost", lost)
    assert user.cloud.preview().is_clean()

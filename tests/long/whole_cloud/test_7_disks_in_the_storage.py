"""A site that keeps the machines' root disks in the cluster storage: they outlive a node that is cut off.

Such a node looks like a dead one to all others, and goes on running its machines: two of each are there for a
while. The one that was started later owns the disk, and the other one ends when its node is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.lab.cloud import Cloud
from tests.lab.cloud_user import CloudUser
from tests.lab.stack_file import CHECKOUT, WHOLE_CLOUD

pytestmark = pytest.mark.timeout(1800)
_UP_S = 1200.0
_AWAY_S, _GHOST_S = 180.0, 180.0
_WATCH_S = 60.0
_STACK = CHECKOUT / "build" / "disks-in-storage" / "Pulumi.lab.yaml"
_SECTION = "  piston:cloud:\n"
# How often it was started, and for how long it lives now, is on its root disk beyond the guest's own system;
# its page says what the disk says. Sectors of 512 bytes.
_LIVES = """#!/bin/sh
LIFE=1048576 BEAT=1048584
kept() { dd if=/dev/vda bs=512 skip="$1" count=1 2>/dev/null | head -n 1 | tr -d '\\0'; }
keep() { echo "$2" | dd of=/dev/vda bs=512 seek="$1" count=1 conv=sync,fsync 2>/dev/null; }
life=$(kept $LIFE)
life=$((${life:-0} + 1))
keep $LIFE $life
beat=0
while true; do
    beat=$((beat + 1))
    keep $BEAT "life $life beat $beat"
    echo 3 > /proc/sys/vm/drop_caches
    kept $BEAT > /tmp/beat && mv /tmp/beat /www/beat
    sleep 2
done
"""


@pytest.fixture(scope="module")
def user(cloud: Cloud) -> Iterator[CloudUser]:
    """Of the same cloud, whose root disks are elsewhere now."""
    text = WHOLE_CLOUD.read_text()
    assert text.count(_SECTION) == 1
    _STACK.parent.mkdir(parents=True, exist_ok=True)
    _STACK.write_text(text.replace(_SECTION, f"{_SECTION}    rootDisks: ceph\n"))
    elsewhere = replace(cloud, stack=_STACK)
    done = elsewhere.up(_UP_S)
    assert done.code == 0, done.text
    print(f"root disks elsewhere, and checked: {done.seconds:.0f} s")
    made = CloudUser(elsewhere)
    made.makes_network()
    yield made
    made.removes_network()
    assert cloud.up(_UP_S).code == 0


def _beat(user: CloudUser, address: str) -> tuple[int, int]:
    """Which life it leads and how far that is, by its disk; 0 while it says nothing."""
    said = user.page(address, "beat").split()
    return (int(said[1]), int(said[3])) if said[:1] == ["life"] else (0, 0)


def _runs(user: CloudUser, host: str) -> bool:
    """Whether a machine runs on a node, whatever Nova says."""
    listed = user.cloud.on(host, "sh -c 'ls /run/libvirt/qemu/instance-*.pid 2>/dev/null || true'")
    return bool(listed.text.strip())


def _until(what: str, limit_s: float, done: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < limit_s, f"{what}: not after {limit_s:.0f} s"
        time.sleep(2.0)
    return time.monotonic() - began


def test_a_machine_outlives_a_node_that_is_cut_off(user: CloudUser) -> None:
    rack = user.cloud.rack
    address = user.starts("kept", "n5", script=_LIVES)
    user.page_s(address, "kept")
    assert f"{user.sees('server show kept')['id']}_disk" in rack.must("piston ceph run lab -- rbd ls vms")
    began = time.monotonic()
    user.does("--os-compute-api-version 2.30 server migrate kept --live-migration --host n4 --wait")
    print(f"moved in {time.monotonic() - began:.0f} s")
    _until("its first life", 60.0, lambda: _beat(user, address)[0] == 1)

    rack.lab("cut n4 data")
    moved = _until("on another node", _AWAY_S, lambda: user.host_of("kept") != "n4")
    back = moved + _until("its second life", _AWAY_S - moved, lambda: _beat(user, address)[0] == 2)
    assert _runs(user, "n4"), "the node that is cut off ended it by itself: the test shows nothing"

    rack.lab("plug n4 data")
    began, last = time.monotonic(), (2, 0)
    gone = 0.0
    while time.monotonic() - began < _GHOST_S and not (gone and time.monotonic() - began > gone + _WATCH_S):
        seen = _beat(user, address)
        assert seen == (0, 0) or seen >= last, f"the other one wrote: {seen} after {last}"
        last = max(last, seen)
        if not gone and not _runs(user, "n4"):
            gone = time.monotonic() - began
        time.sleep(2.0)
    print(
        f"cut off: on another node after {moved:.0f} s, its page back after {back:.0f} s; "
        f"the old one gone {gone:.0f} s after the cable, {last[1]} beats since"
    )
    assert gone, "it runs twice"
    assert last[1] > 10
    assert user.host_of("kept") != "n4"


def test_root_disks_stay_where_they_are_while_there_are_machines(user: CloudUser, cloud: Cloud) -> None:
    plan = cloud.preview()
    assert plan.code != 0
    refusal = f"would not start again: {user.sees('server show kept')['id']}"
    assert refusal in plan.text
    # Without a look at the plan it is refused as well, and before any node has it.
    done = cloud.up()
    assert done.code != 0
    assert refusal in done.text
    assert user.cloud.preview().is_clean()


def test_nothing_is_left_of_it(user: CloudUser) -> None:
    done = user.cloud.up()
    assert done.code == 0, done.text
    user.removes("kept", str(user.sees("floating ip list")[0]["Floating IP Address"]))
    assert user.cloud.rack.must("piston ceph run lab -- rbd ls vms").split() == []
    assert user.cloud.preview().is_clean()

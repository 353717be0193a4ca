"""OVN's databases on infrastructure hosts, one of which holds nothing else; a wiped one; one that leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab.cloud import Cloud
from tests.lab.fresh_rack import fresh_rack
from tests.lab.stack_file import DECLARED, control_plane

pytestmark = pytest.mark.timeout(900)

_BARE = "n5"
_JOIN_S = 60.0


def stack(directory: Path, *hosts: str) -> Path:
    """The lab's, with these infrastructure hosts; n5, when it is one, is without disks for Ceph."""
    named = f"  piston:controlPlane: {{ infrastructureHosts: [{', '.join(hosts)}] }}\n"
    text = control_plane().replace(DECLARED, named, 1)
    if _BARE in hosts:
        text = text.replace(f"osd: [{_BARE}-osd-1]", "osd: []", 1)
    path = directory / "Pulumi.lab.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with fresh_rack("infrastructure-hosts.log") as rack:
        made = Cloud(rack, stack(tmp_path_factory.mktemp("site"), "n3", "n4", "n5"))
        done = made.up()
        assert done.code == 0, done.text
        print(f"from powered off to placement in {done.seconds:.0f} s")
        yield made


def members(cloud: Cloud, host: str) -> dict[str, list[str]]:
    """Addresses of the members of each database, as one of them knows them; empty when it is none."""
    look = cloud.ovn_look(host)
    return {name: seen.get("members", []) for name, seen in look.items() if "members" in seen}


def addresses(*numbers: int) -> list[str]:
    return [f"10.30.20.1{number}" for number in numbers]


def check_members(cloud: Cloud, *numbers: int) -> None:
    for number in numbers:
        assert set(map(tuple, members(cloud, f"n{number}").values())) == {tuple(addresses(*numbers))}


def test_they_hold_the_databases_and_the_control_hosts_do_not(cloud: Cloud) -> None:
    check_members(cloud, 3, 4, 5)
    assert cloud.on("n1", "systemctl is-active piston-ovn-nb").code != 0
    assert cloud.preview().is_clean()


def test_one_without_disks_for_ceph_holds_nothing_else(cloud: Cloud) -> None:
    running = cloud.on(_BARE, "systemctl list-units --no-legend --plain --state=active").text
    assert "piston-ovn-nb" in running
    assert not [word for word in ("ceph-", "galera", "rabbitmq", "keystone", "haproxy") if word in running]


def test_a_wiped_one_joins_again(cloud: Cloud) -> None:
    for command in (f"blackout {_BARE}", f"wipe-disks {_BARE}", f"power {_BARE} on"):
        cloud.rack.lab(command)
    assert cloud.up().code == 0
    check_members(cloud, 3, 4, 5)
    assert cloud.preview().is_clean()


def test_a_majority_has_to_stay(cloud: Cloud) -> None:
    elsewhere = replace(cloud, stack=stack(cloud.stack.parent, "n1", "n2", "n3"))
    plan = elsewhere.preview()
    stack(cloud.stack.parent, "n3", "n4", "n5")
    assert plan.code != 0
    assert "n4, n5 would leave at once" in plan.text


def test_one_moves_to_another_node(cloud: Cloud) -> None:
    moved = replace(cloud, stack=stack(cloud.stack.parent, "n2", "n3", "n4"))
    done = moved.up()
    assert done.code == 0, done.text
    deadline = time.monotonic() + _JOIN_S
    while len(members(moved, "n2").get("OVN_Southbound", [])) != 3 and time.monotonic() < deadline:
        time.sleep(1.0)
    check_members(moved, 2, 3, 4)
    assert moved.preview().is_clean()

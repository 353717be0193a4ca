"""What is on a node and not of it: units, flows, a mirror of another shape, a cache without a cap."""

from __future__ import annotations

import json

import pytest

from piston_iac.node_agent.image_cache import parse_limit
from piston_iac.node_agent.mirror_steps import cache_plan, repair_plan
from piston_iac.node_agent.network import parse_flows
from piston_iac.node_agent.network_steps import flow_plan
from piston_iac.node_agent.steps import CapImageCache, ConvertMirror, RemoveFlow, StopStranger
from piston_iac.node_agent.system_steps import strangers_plan
from piston_iac.node_agent.units import judge_strangers, strangers
from tests.unit.node_agent.documents import document
from tests.unit.node_agent.test_mirror_steps import OURS, SERIALS, members

WANTED = document(image_cache_bytes=1 << 30)
IMAGE = {"chrony.service", "ceph-mon@.service"}


@pytest.mark.parametrize(
    ("unit", "elsewhere", "own", "strange"),
    [
        ("chrony.service", set(), set(), False),
        ("ceph-mon@n1.service", set(), set(), False),
        ("miner.service", set(), set(), True),
        ("miner@1.service", set(), set(), True),
        ("miner.service", {"miner.service"}, set(), True),
        ("miner.service", {"miner.service"}, {"miner.service"}, False),
        # A file below /etc hides the image's of the same name.
        ("chrony.service", {"chrony.service"}, set(), True),
    ],
)
def test_a_unit_of_neither_image_nor_document_is_a_stranger(
    unit: str, elsewhere: set[str], own: set[str], strange: bool
) -> None:
    assert judge_strangers([unit], IMAGE, elsewhere, own) == ((unit,) if strange else ())


def test_outside_the_micro_os_no_unit_is_judged() -> None:
    """The agent of the other tests runs on somebody's machine: it must not stop what runs there."""
    assert strangers(()) == ()


def test_strangers_are_stopped() -> None:
    assert strangers_plan(("miner.service",)).steps == (StopStranger("miner.service"),)


def test_the_bridge_s_own_rule_is_none() -> None:
    assert parse_flows(" priority=0 actions=NORMAL\n") == ()


def test_another_rule_is_told_and_taken_away_by_its_match() -> None:
    dumped = " priority=100,tcp,tp_dst=6789 actions=drop\n priority=0 actions=NORMAL\n"
    flows = parse_flows(dumped)
    assert flows == ("priority=100,tcp,tp_dst=6789 actions=drop",)
    networking = WANTED.networking
    assert flow_plan(networking, flows).steps == (
        RemoveFlow(networking.bridge, "priority=100,tcp,tp_dst=6789"),
    )


@pytest.mark.parametrize(("maximum", "limit"), [(1 << 30, 1 << 30), ("none", 0)])
def test_the_limit_of_the_image_cache(maximum: object, limit: int) -> None:
    assert parse_limit(json.dumps({"qgroup-show": [{"max_referenced": maximum}]})) == limit
    assert parse_limit(json.dumps({"qgroup-show": []})) == 0


def test_the_image_cache_is_capped_where_its_cap_differs() -> None:
    wanted = WANTED.image_cache_bytes
    assert cache_plan(WANTED, 0, mounted=True).steps == (CapImageCache(WANTED.mirror.mount, wanted),)
    assert cache_plan(WANTED, wanted, mounted=True).steps == ()
    assert cache_plan(WANTED, 0, mounted=False).steps == ()


@pytest.mark.parametrize("profile", ["raid1", "raid1+raid10", "single"])
def test_a_mirror_of_another_profile_is_brought_back(profile: str) -> None:
    plan = repair_plan(WANTED, OURS, members(*SERIALS), profile)
    assert plan.steps == (ConvertMirror(WANTED.mirror.mount),)


def test_not_while_it_lacks_a_disk() -> None:
    plan = repair_plan(WANTED, OURS[:3], members("d1", "d2", "d3", ""), "raid1")
    assert plan.steps == ()

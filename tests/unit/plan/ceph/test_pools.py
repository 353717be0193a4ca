"""Which commands bring a pool to what is wanted, and what a plan shows of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.plan.ceph.pools import commands, refusal, seen_fields, wanted_fields
from piston_iac.plan.ceph.seen import Cluster, Pool, Rule
from piston_iac.plan.ceph.wanted import WantedPool

from .rack import rack
from .test_steps import FIVE, made

WANTED = WantedPool("vms", "rbd", 3, 2, 16, "piston-host-ssd", "host", "ssd", 5 << 30)
RULE = Rule("piston-host-ssd", "host", "ssd")
SEEN = Pool("vms", 3, 2, 16, "piston-host-ssd", ("rbd",), 5 << 30, autoscale=False)


def cluster(pool: Pool | None = SEEN, rule: Rule | None = RULE) -> Cluster:
    """A cluster with one pool, one rule and five OSDs on SSDs."""
    seen = made().look().cluster
    assert seen
    osds = {number: replace(osd, device_class="ssd") for number, osd in seen.osds.items()}
    pools = {pool.name: pool} if pool else {}
    return replace(seen, osds=osds, pools=pools, rules={rule.name: rule} if rule else {})


def sent(seen: Cluster, wanted: WantedPool = WANTED) -> list[str]:
    """The commands as text, without what is the same in all."""
    texts = []
    for command in commands(wanted, seen):
        rest = [
            str(value)
            for key, value in command.items()
            if key not in ("prefix", "pool", "yes_i_really_mean_it")
        ]
        texts.append(" ".join([str(command["prefix"]), *rest]))
    return texts


def test_a_pool_as_wanted_needs_nothing():
    assert commands(WANTED, cluster()) == ()
    assert seen_fields(WANTED, cluster()) == wanted_fields(WANTED)


def test_a_new_pool_gets_its_rule_first():
    assert sent(cluster(None, None)) == [
        "osd crush rule create-replicated piston-host-ssd default host ssd",
        "osd pool create 16 16 replicated piston-host-ssd 3 off",
        "osd pool set size 3",
        "osd pool set min_size 2",
        "osd pool set-quota max_bytes 5368709120",
        "osd pool application enable rbd",
    ]
    assert seen_fields(WANTED, cluster(None)) == {"exists": False}


@pytest.mark.parametrize(
    ("change", "texts", "field"),
    [
        ({"size": 2}, ["osd pool set size 3"], "size"),
        ({"min_size": 1}, ["osd pool set min_size 2"], "minSize"),
        ({"pg_num": 8}, ["osd pool set pg_num 16", "osd pool set pgp_num 16"], "pgNum"),
        ({"autoscale": True}, ["osd pool set pg_autoscale_mode off"], "autoscale"),
        ({"rule": "replicated_rule"}, ["osd pool set crush_rule piston-host-ssd"], "rule"),
        ({"quota_bytes": 0}, ["osd pool set-quota max_bytes 5368709120"], "quotaBytes"),
        ({"applications": ()}, ["osd pool application enable rbd"], "applications"),
        (
            {"applications": ("rgw",)},
            ["osd pool application enable rbd", "osd pool application disable rgw"],
            "applications",
        ),
    ],
)
def test_one_difference_is_one_field_and_its_own_command(change, texts, field):
    seen = cluster(replace(SEEN, **change))
    assert sent(seen) == texts
    wanted, now = wanted_fields(WANTED), seen_fields(WANTED, seen)
    assert [name for name in wanted if wanted[name] != now[name]] == [field]


def test_a_class_that_no_disk_has_is_refused_before_anything_is_sent():
    assert "no OSD has device class nvme; there are ssd" in refusal(
        replace(WANTED, device_class="nvme", rule="x"), cluster()
    )


def test_a_rule_of_our_name_that_says_something_else_is_refused():
    assert "says something else" in refusal(WANTED, cluster(rule=replace(RULE, spread_over="osd")))
    assert refusal(WANTED, cluster()) == ""


def test_a_cluster_without_osds_has_no_class():
    seen = replace(cluster(), osds={})
    assert "there are none" in refusal(WANTED, seen)
    assert rack(*FIVE).look().cluster is None

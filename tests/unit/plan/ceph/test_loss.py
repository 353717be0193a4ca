"""What each plan ends with: what would be left if one more node died."""

from __future__ import annotations

from dataclasses import replace

from piston_iac.plan.ceph.loss import losses
from piston_iac.plan.ceph.seen import Capacity, Cluster

from .rack import Rack, rack
from .test_steps import FIVE, run

GIB = 1024**3


def look(it: Rack, used: int = GIB) -> Cluster:
    cluster = it.look().cluster
    assert cluster
    osds = {number: replace(osd, size_bytes=4 * GIB) for number, osd in cluster.osds.items()}
    return replace(cluster, osds=osds, capacity=Capacity(4 * GIB * len(osds), used))


def made(*nodes: str) -> Rack:
    it = rack(*(nodes or FIVE))
    if nodes:
        from .rack import wanted

        run(it, wanted(*nodes))
    else:
        run(it)
    return it


def test_a_whole_rack_says_one_line_for_mon_hosts_and_one_for_the_others():
    it = made()
    assert losses(look(it), it.look().reports) == [
        "if n1 or n2 or n3 died now: storage goes on, and all copies are made again "
        "(mons 2 of 3, 4 nodes with data, 16.0 of 20.0 GiB raw, 1.0 used)",
        "if n4 or n5 died now: storage goes on, and all copies are made again "
        "(mons 3 of 3, 4 nodes with data, 16.0 of 20.0 GiB raw, 1.0 used)",
    ]


def test_with_a_mon_host_away_the_next_one_stops_everything():
    it = made()
    it.nodes["n1"].answers = False
    away, mons, others = losses(look(it), it.look().reports)
    assert away == "n1 away already"
    assert mons.startswith("if n2 or n3 died now: STORAGE STOPS: the mons lose their majority (mons 1 of 3, ")
    assert others.startswith("if n4 or n5 died now: storage goes on")


def test_while_copies_are_missing_a_death_may_stop_it():
    it = made()
    it.moving = 5
    cluster = replace(look(it), pgs={"active+undersized": 1})
    assert "STORAGE MAY STOP" in losses(cluster, it.look().reports)[0]


def test_three_nodes_have_no_place_for_a_third_copy():
    it = made("n1", "n2", "n3")
    (line,) = losses(look(it), it.look().reports)
    assert "with 2 copies; there is no third place" in line


def test_a_full_rack_has_no_room():
    it = made()
    assert "no room for all copies" in losses(look(it, used=16 * GIB), it.look().reports)[0]


def test_without_a_quorum_it_says_so():
    assert losses(None, {}) == ["if a node died now: the cluster storage gives no answer as it is"]

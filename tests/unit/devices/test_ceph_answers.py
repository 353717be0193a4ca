"""What the mons of a healthy cluster of five nodes answered (18.2.7), and what the parser makes of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from piston_iac.devices.ceph_answers import LOOK, parse
from piston_iac.plan.ceph.seen import UNCOUNTED, Rule

ANSWERS = json.loads((Path(__file__).with_name("cases") / "ceph_answers.json").read_text())


def changed(path: str, value: Any) -> Any:
    """The answers with one value changed: `osd dump/osds/0/up`."""
    answers = copy.deepcopy(ANSWERS)
    *way, last = path.split("/")
    place = answers
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return answers


def test_a_healthy_cluster() -> None:
    cluster = parse(ANSWERS)
    assert cluster.mons == {"n1": "10.30.20.11", "n2": "10.30.20.12", "n3": "10.30.20.13"}
    assert set(cluster.quorum) == {"n1", "n2", "n3"}
    assert set(cluster.mgrs) == {"n2", "n3"}
    assert {osd.host for osd in cluster.osds.values()} == {"n1", "n2", "n3", "n4", "n5"}
    assert all(osd.up and osd.is_in and not osd.fresh and not osd.destroyed for osd in cluster.osds.values())
    assert {osd.device_class for osd in cluster.osds.values()} == {"hdd"}
    assert {"images", "volumes", "vms", "backups", "objects"} < cluster.pools.keys()
    vms = cluster.pools["vms"]
    assert (vms.size, vms.min_size, vms.pg_num, vms.rule) == (3, 2, 16, "piston-host")
    assert (vms.applications, vms.quota_bytes, vms.autoscale) == (("rbd",), 0, False)
    assert (vms.objects, cluster.pools[".mgr"].objects) == (0, 2)
    assert cluster.rules["piston-host"] == Rule("piston-host", "host", "")
    assert cluster.options == {}
    assert cluster.health.status == "HEALTH_OK"
    assert cluster.settled()
    assert cluster.empty_hosts == ()
    assert 19 < cluster.capacity.total_bytes / 2**30 < 21
    assert cluster.born.startswith("20")


def test_no_key_is_in_an_answer() -> None:
    assert all(len(entity.key) == 12 for entity in parse(ANSWERS).auth.values())


@pytest.mark.parametrize(
    ("path", "value", "seen"),
    [
        ("df/pools", [], lambda it: it.pools["vms"].objects == UNCOUNTED),
        ("osd dump/osds/0/up", 0, lambda it: not it.osds[0].up),
        ("osd dump/osds/0/in", 0, lambda it: not it.osds[0].is_in),
        ("osd dump/osds/0/state", ["exists", "new"], lambda it: it.osds[0].fresh),
        ("osd dump/osds/0/state", ["destroyed", "exists"], lambda it: it.osds[0].destroyed),
        ("osd dump/flags_set", ["noout"], lambda it: it.flags == ("noout",)),
        ("mgr dump/available", False, lambda it: len(it.mgrs) == 1),
        ("status/pgmap/pgs_by_state", [{"state_name": "down", "count": 1}], lambda it: not it.settled()),
        ("status/pgmap", {}, lambda it: it.settled()),
        (
            "config dump",
            [{"section": "osd", "mask": "host:n1", "name": "a", "value": "1"}],
            lambda it: it.options == {"osd/host:n1/a": "1"},
        ),
        ("config dump", [{"section": "mgr", "name": "mgr/x/y", "value": "1"}], lambda it: it.options == {}),
        ("config-key get", "", lambda it: it.born == ""),
        ("osd crush rule dump/0/steps", [{"op": "emit"}], lambda it: not next(iter(it.rules.values())).plain),
    ],
)
def test_each_fact_is_read_where_it_is(path: str, value: Any, seen: Any) -> None:
    assert seen(parse(changed(path, value)))


@pytest.mark.parametrize("name", LOOK)
def test_an_answer_of_another_shape_is_an_error_that_says_so(name: str) -> None:
    with pytest.raises(ValueError, match="does not fit this version"):
        parse(changed(name, [None] if isinstance(ANSWERS[name], list) else {"other": 1}))

"""What a plan shows of the cluster: one cause, one line."""

from __future__ import annotations

from dataclasses import replace

from piston_iac.plan.ceph.fields import seen_fields, unmade_fields, wanted_fields
from piston_iac.plan.ceph.seen import Entity

from .rack import Rack, rack, wanted
from .test_steps import FIVE, made, run

WANTED = wanted(*FIVE)


def differences(it: Rack, before=None) -> dict[str, tuple[object, object]]:
    """Fields that differ, as `field.key` to (seen, wanted)."""
    look = it.look()
    assert look.cluster
    seen = seen_fields(WANTED, look.cluster, look.reports, before or wanted_fields(WANTED))
    found = {}
    for field, value in wanted_fields(WANTED).items():
        now = seen[field]
        if isinstance(value, dict):
            keys = value.keys() | now.keys()
            found |= {f"{field}.{k}": (now.get(k), value.get(k)) for k in keys if now.get(k) != value.get(k)}
        elif value != now:
            found[field] = (now, value)
    return found


def test_a_cluster_as_wanted_has_no_line():
    assert differences(made()) == {}


def test_before_it_is_made_every_part_is_missing():
    fields = unmade_fields(WANTED, rack(*FIVE).look().reports)
    assert fields
    assert set(fields["mons"].values()) == set(fields["osds"].values()) == {"missing"}
    assert unmade_fields(WANTED, made().look().reports) is None


def test_a_stopped_osd_is_one_line():
    it = made()
    it.nodes["n4"].osd_runs = False
    assert differences(it) == {"osds.n4-osd": ("down, in", "up, in")}


def test_a_stopped_mon_is_one_line():
    it = made()
    it.nodes["n1"].mon_runs = False
    assert differences(it) == {"mons.n1": ("out of quorum", "in quorum")}


def test_a_node_that_is_off_is_told_by_its_own_resource_and_awaited():
    it = made()
    it.nodes["n1"].answers = False
    assert differences(it) == {"awaits": (["n1"], [])}
    before = {**wanted_fields(WANTED), "osds": {**wanted_fields(WANTED)["osds"], "n1-osd": "missing"}}
    assert differences(it, before) == {"awaits": (["n1"], []), "osds.n1-osd": ("missing", "up, in")}


def test_an_osd_that_is_out_and_one_that_nobody_named():
    it = made()
    it.osds[3] = replace(it.osds[3], is_in=False)
    assert differences(it) == {"osds.n4-osd": ("up, out", "up, in")}
    it = rack(*FIVE, "n6")
    run(it, wanted(*FIVE, "n6"))
    assert differences(it) == {"osds.osd.5 on n6": ("up, in", None)}


def test_flags_options_and_auth_are_lines_of_their_own():
    it = made()
    it.flags, it.options = ("noout", "sortbitwise"), {"osd/osd_max_backfills": "9"}
    it.auth["osd.0"] = Entity("", {"mon": "allow *"})
    it.auth.pop("mgr.n2")
    found = differences(it)
    assert found["flags"] == (["noout"], [])
    assert found["options.osd/osd_max_backfills"] == ("9", None)
    assert found["auth.osd.0"] == ("mon allow *", None)
    assert found["auth.mgr.n2"] == ("missing", None)


def test_a_key_that_is_not_the_derived_one_is_told():
    it = made()
    look = it.look()
    assert look.cluster
    site = replace(WANTED, digests={"osd/n1-osd": "0123456789ab"})
    assert seen_fields(site, look.cluster, look.reports, {})["auth"] == {"osd.0": "another key"}

"""From nothing to a cluster, growth, repair, and a run that is cut anywhere: on the small rack of `rack`."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from piston_iac.plan.ceph.actions import Attempt, Done, Fail, Permit, Step, Wait
from piston_iac.plan.ceph.caps import osd_caps
from piston_iac.plan.ceph.layout import osd_uuid
from piston_iac.plan.ceph.seen import UNCOUNTED, Entity, Pool
from piston_iac.plan.ceph.steps import next_step
from piston_iac.plan.ceph.strangers import stranger_fields

from .rack import FSID, OTHER, Rack, rack, wanted

FIVE = ("n1", "n2", "n3", "n4", "n5")
ROUNDS = 60


def run(it: Rack, site=None, born="", given_up=frozenset(), pieces=10_000) -> tuple[Step, int]:
    """Go on until there is nothing to do, or until so many pieces of work are done: then it is killed."""
    attempt = Attempt(born=born)
    done = 0
    step: Step = Wait("nothing yet")
    for _ in range(ROUNDS):
        step = next_step(site or wanted(*FIVE), it.look(given_up), attempt)
        if isinstance(step, Done | Fail):
            return step, done
        for after in it.doing(step, attempt):
            attempt = after
            done += 1
            if done == pieces:
                return step, done
    return step, done


def made() -> Rack:
    """A rack with its cluster."""
    it = rack(*FIVE)
    assert run(it)[0] == Done()
    return it


def test_a_cluster_is_made_from_nothing():
    it = made()
    assert it.clusters == 1
    assert set(it.quorum()) == {"n1", "n2", "n3"}
    assert {osd.host for osd in it.osds.values()} == set(FIVE)
    assert it.permit == Permit("n1", "finished")


def test_a_made_cluster_needs_nothing():
    it = made()
    assert run(it) == (Done(), 0)


def test_a_run_killed_after_any_piece_of_work_is_completed_by_the_next():
    _, pieces = run(rack(*FIVE))
    assert pieces > 20
    for killed_after in range(1, pieces):
        it = rack(*FIVE)
        run(it, pieces=killed_after)
        assert run(it)[0] == Done(), f"killed after piece {killed_after}"
        assert it.clusters == 1 or (it.clusters == 0 and killed_after == 0), (
            f"killed after piece {killed_after}"
        )
        assert it.wiped == []
        assert len(it.osds) == 5, f"an orphan after piece {killed_after}"


def test_killed_twice_anywhere_still_makes_one_cluster():
    _, pieces = run(rack(*FIVE))
    for first in range(1, pieces):
        for second in range(1, pieces - first + 1, 3):
            it = rack(*FIVE)
            run(it, pieces=first)
            run(it, pieces=second)
            assert run(it)[0] == Done()
            assert (it.clusters, len(it.osds)) == (1, 5), (first, second)


def test_a_power_cut_of_all_nodes_starts_what_is_there_and_makes_nothing():
    it = made()
    for node in it.nodes.values():
        node.mon_runs = node.osd_runs = False
    assert run(it, born="birth 1")[0] == Done()
    assert it.clusters == 1


def test_the_cluster_waits_for_the_majority_of_the_mon_hosts_only():
    it = rack(*FIVE)
    it.nodes["n2"].answers = it.nodes["n5"].answers = False
    step, _ = run(it, given_up=frozenset({"n2", "n5"}))
    assert step == Done(("without n2, n5: its part is made by the next `pulumi up` that finds it",))
    assert set(it.quorum()) == {"n1", "n3"}
    it.nodes["n2"].answers = it.nodes["n5"].answers = True
    assert run(it)[0] == Done()
    assert (it.clusters, len(it.osds)) == (1, 5)


def test_without_a_majority_nothing_is_made():
    it = rack(*FIVE)
    it.nodes["n1"].answers = it.nodes["n2"].answers = False
    assert run(it) == (Wait("2 of the mon hosts n1, n2, n3"), 0)
    assert it.permit is None


def test_a_majority_that_will_not_come_ends_the_run():
    it = rack(*FIVE)
    it.nodes["n1"].answers = it.nodes["n2"].answers = False
    step, pieces = run(it, given_up=frozenset({"n1", "n2"}))
    assert isinstance(step, Fail)
    assert "no majority of mons: n1, n2 of n1, n2, n3" in step.cause
    assert (pieces, it.permit) == (0, None)


def test_a_used_permit_whose_node_is_silent_keeps_others_from_making_a_second_cluster():
    it = rack(*FIVE)
    it.permit = Permit("n1", "used")
    it.nodes["n1"].answers = False
    assert run(it) == (Wait("n1, which may hold a cluster that was just made"), 0)


def test_an_unused_permit_moves_to_another_node():
    it = rack(*FIVE)
    it.permit = Permit("n1", "issued")
    it.nodes["n1"].answers = False
    step, _ = run(it, given_up=frozenset({"n1"}))
    assert isinstance(step, Done)
    assert it.permit == Permit("n2", "finished")


@pytest.mark.parametrize("born", ["", "birth 1"])
def test_a_cluster_that_vanished_is_never_made_again(born):
    it = rack(*FIVE)
    it.permit = Permit("n1", "finished") if not born else None
    step, pieces = run(it, born=born)
    assert isinstance(step, Fail)
    assert "was made before" in step.cause
    assert pieces == 0


def test_lost_mon_stores_are_named_with_the_command_that_makes_them():
    it = made()
    for name in ("n1", "n2", "n3"):
        it.nodes[name].store = it.nodes[name].mon_runs = False
    step, _ = run(it, born="birth 1")
    assert isinstance(step, Fail)
    assert "rebuild-mons" in step.remedy
    assert it.clusters == 1


def test_a_mon_lost_with_its_disks_joins_again():
    it = made()
    it.nodes["n2"].store = it.nodes["n2"].mon_runs = False
    assert run(it, born="birth 1")[0] == Done()
    assert set(it.quorum()) == {"n1", "n2", "n3"}


def test_a_wiped_osd_disk_gets_its_number_again():
    it = made()
    before = {osd.host: number for number, osd in it.osds.items()}
    it.nodes["n4"].disk, it.nodes["n4"].osd_runs = "blank", False
    assert run(it, born="birth 1")[0] == Done()
    assert {osd.host: number for number, osd in it.osds.items()} == before


def test_an_osd_that_the_map_still_calls_up_but_whose_disk_is_blank_is_waited_for():
    it = made()
    look = it.look()
    report = look.reports["n4"]
    assert report
    blank = replace(report, disks=(replace(report.disks[0], marker="blank", live=False),))
    step = next_step(wanted(*FIVE), replace(look, reports={**look.reports, "n4": blank}), Attempt())
    assert step == Wait("OSD of n4-osd to come up")


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        (f"osd:{OTHER}/{osd_uuid(FSID, 'n4-osd')}/1", "holds an OSD of another cluster"),
        ("foreign:ext4 photos", "holds ext4 photos"),
        ("unreadable", "cannot be read"),
    ],
)
def test_a_disk_with_something_else_is_refused_and_the_others_are_made(marker, words):
    it = rack(*FIVE)
    it.nodes["n4"].disk = marker
    step, _ = run(it)
    assert isinstance(step, Fail)
    assert f"n4-osd of n4 {words}" in step.cause
    assert it.nodes["n4"].disk == marker
    assert len(it.osds) == 4


def test_an_osd_of_this_cluster_on_the_wrong_disk_is_refused():
    it = made()
    it.nodes["n4"].disk = f"osd:{FSID}/{osd_uuid(FSID, 'elsewhere')}/9"
    step, _ = run(it, born="birth 1")
    assert isinstance(step, Fail)
    assert "holds OSD 9 of this cluster, made for another disk" in step.cause


def test_an_osd_of_this_cluster_and_no_mon_store_is_no_reason_to_make_another():
    it = rack(*FIVE)
    it.nodes["n4"].disk = f"osd:{FSID}/{osd_uuid(FSID, 'n4-osd')}/1"
    step, _ = run(it)
    assert isinstance(step, Fail)
    assert "rebuild-mons" in step.remedy
    assert it.clusters == 0


def test_a_named_disk_is_erased_and_used_unless_it_is_in_use():
    it = rack(*FIVE)
    it.nodes["n4"].disk = "foreign:ext4"
    site = replace(wanted(*FIVE), wipe=("n4-osd",))
    assert run(it, site)[0] == Done()
    assert it.wiped == ["foreign:ext4"]
    it = made()
    it.nodes["n4"].disk = f"osd:{OTHER}/x/1"
    it.nodes["n4"].osd_runs = True
    assert isinstance(run(it, site)[0], Fail)
    assert it.wiped == []


def test_a_sixth_node_touches_no_other():
    it = made()
    it.nodes["n6"] = copy.copy(rack("n6").nodes["n6"])
    before = copy.deepcopy({name: node for name, node in it.nodes.items() if name != "n6"})
    assert run(it, wanted(*FIVE, "n6"), born="birth 1")[0] == Done()
    assert {name: node for name, node in it.nodes.items() if name != "n6"} == before
    assert len(it.osds) == 6


def test_a_node_taken_out_is_drained_first_and_then_purged():
    it = rack(*FIVE, "n6")
    assert run(it, wanted(*FIVE, "n6"))[0] == Done()
    number = next(n for n, osd in it.osds.items() if osd.host == "n6")
    orders = []
    attempt = Attempt(born="birth 1")
    for _ in range(ROUNDS):
        step = next_step(wanted(*FIVE), it.look(), attempt)
        orders.append(type(step).__name__)
        if isinstance(step, Done):
            break
        for after in it.doing(step, attempt):
            attempt = after
    assert [it for it in orders if it != "Wait"] == ["Change", "Retire", "Change", "Done"]
    assert orders[1] == "Wait"
    assert number not in it.osds
    assert it.nodes["n6"].disk == "blank"


def test_a_cluster_whose_mons_were_rebuilt_gets_its_stamp_again():
    it = made()
    it.stamp = ""
    assert run(it, born="birth 1")[0] == Done()
    assert it.stamp == "birth 1"


def test_another_cluster_at_our_addresses_is_refused():
    it = made()
    assert isinstance(run(it, born="birth 0")[0], Fail)
    assert isinstance(run(it, replace(wanted(*FIVE), fsid=OTHER))[0], Fail)


def test_flags_options_and_caps_are_put_right():
    it = made()
    it.flags, it.options = ("noout", "sortbitwise"), {"global/osd_max_backfills": "9"}
    it.auth["osd.0"] = Entity("", {"mon": "allow *"})
    assert run(it, born="birth 1")[0] == Done()
    assert (it.flags, it.options) == (("sortbitwise",), {})
    assert it.auth["osd.0"].caps == osd_caps(0)


def test_an_osd_without_a_class_gets_that_of_its_disk():
    it = made()
    it.osds[1] = replace(it.osds[1], device_class="", disk_class="ssd")
    assert run(it, born="birth 1")[0] == Done()
    assert it.osds[1].device_class == "ssd"


def test_an_osd_that_somebody_took_out_comes_in_again():
    it = made()
    it.osds[2] = replace(it.osds[2], is_in=False)
    assert run(it, born="birth 1")[0] == Done()
    assert it.osds[2].is_in


def test_a_mon_that_somebody_removed_from_the_map_is_made_anew():
    it = made()
    it.remove_mon("n3")
    assert run(it, born="birth 1")[0] == Done()
    assert set(it.quorum()) == {"n1", "n2", "n3"}


def test_a_mon_that_is_stopped_and_in_the_map_keeps_its_store():
    it = made()
    it.nodes["n3"].mon_runs = False
    it.removed.add("n3")
    step, _ = run(it, born="birth 1")
    assert isinstance(step, Fail)
    assert it.nodes["n3"].store


def pool(objects: int) -> Pool:
    return Pool("scratch", 3, 2, 8, "replicated_rule", (), 0, autoscale=False, objects=objects)


def test_users_and_empty_pools_of_others_are_removed():
    it = made()
    it.auth["client.eve"] = Entity("", {"mon": "allow *"})
    it.auth["client.bootstrap-osd"] = Entity("", {})
    it.pools = {".mgr": pool(2), "vms": pool(9), "scratch": pool(0)}
    look = it.look()
    assert look.cluster
    assert stranger_fields(wanted(*FIVE), look.cluster) == {
        "pool scratch": "empty",
        "user client.eve": "mon allow *",
    }
    assert run(it, born="birth 1")[0] == Done()
    assert set(it.pools) == {".mgr", "vms"}
    assert "client.eve" not in it.auth
    assert "client.bootstrap-osd" in it.auth
    assert it.options == {}


def test_a_pool_of_others_that_holds_data_is_never_removed():
    it = made()
    it.pools = {"scratch": pool(1)}
    step, _ = run(it, born="birth 1")
    assert isinstance(step, Fail)
    assert "scratch (1 objects)" in step.cause
    assert it.pools


def test_what_the_stack_file_keeps_is_let_be():
    it = made()
    it.auth["client.backup"] = Entity("", {"mon": "allow r"})
    it.pools = {"scratch": pool(1)}
    site = replace(wanted(*FIVE), kept=("scratch", "client.backup"))
    assert run(it, site, born="birth 1") == (Done(), 0)
    cluster = it.look().cluster
    assert cluster
    assert stranger_fields(site, cluster) == {}


def test_a_pool_whose_objects_nobody_counted_is_waited_for():
    it = made()
    it.pools = {"scratch": pool(UNCOUNTED)}
    assert isinstance(run(it, born="birth 1")[0], Wait)
    assert it.pools

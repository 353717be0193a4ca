"""A node tells at once which units of a service do not run; one cause is one line."""

from dataclasses import replace

from piston_iac.node_report import from_dict
from piston_iac.plan.cloud.units import seen_units, stopped_units, wanted_units
from tests.unit.plan.test_node_steps import READY

STOPPED = {"nova-compute": ("piston-nova-compute.service",), "ceph-osd": ("piston-osd@1.service",)}


def test_units_of_the_service_are_told_and_no_others() -> None:
    reports = {"n1": READY, "n4": replace(READY, stopped=STOPPED), "n5": None}
    found = stopped_units(("nova", "nova-compute"), reports)
    assert found == {"n4": ("piston-nova-compute.service",)}
    seen = seen_units(("n1", "n4"), found, set(), {})
    assert seen == {"n1": "run", "n4": "without piston-nova-compute"}
    assert {node for node, it in wanted_units(("n1", "n4")).items() if seen[node] != it} == {"n4"}


def test_a_node_that_is_away_keeps_its_last_word() -> None:
    assert seen_units(("n5",), {}, {"n5"}, {"n5": "without x"}) == {"n5": "without x"}
    assert seen_units(("n5",), {}, {"n5"}, {}) == {"n5": "run"}


def test_they_come_through_a_report() -> None:
    report = replace(READY, stopped=STOPPED)
    assert from_dict(report.to_dict()) == report

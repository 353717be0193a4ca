"""Both sides of a comparison have the same fields, and what nobody knows is no drift."""

from dataclasses import replace

from piston_iac.node_report import MirrorState, from_dict
from piston_iac.plan.node_fields import seen_fields, wanted_fields
from tests.unit.plan.test_node_steps import DOCUMENT, FRESH, READY


def test_a_ready_node_has_every_wanted_field() -> None:
    assert seen_fields(READY) == wanted_fields(DOCUMENT)


def test_a_node_without_a_document_is_one_line() -> None:
    assert seen_fields(FRESH) == {"applied": "missing"}


def test_another_document_is_told_by_its_digest() -> None:
    seen = seen_fields(replace(READY, document="f" * 64))
    assert seen["applied"] == "sha256:ffffffffffff"


def test_a_missing_disk_is_one_line_that_names_it() -> None:
    mirror = MirrorState("degraded", "piston:lab:n1", "raid10", ("a", "c", "d"), ("b",))
    seen, wanted = seen_fields(replace(READY, mirror=mirror))["mirror"], wanted_fields(DOCUMENT)["mirror"]
    assert {name for name in wanted if seen[name] != wanted[name]} == {"state"}
    assert seen["state"] == "degraded, without b"


def test_a_pulled_data_cable_is_one_line() -> None:
    seen = seen_fields(replace(READY, uplink="no carrier"))
    assert {name for name, value in wanted_fields(DOCUMENT).items() if seen[name] != value} == {"uplink"}


def test_a_report_comes_back_as_it_was() -> None:
    report = replace(READY, mirror=MirrorState("degraded", "l", "raid10", ("a",), ("b", "c")))
    assert from_dict(report.to_dict()) == report


def test_without_its_mirror_a_node_says_nothing_of_the_image_cache() -> None:
    seen = seen_fields(replace(READY, mirror=MirrorState("absent", "", "", ()), image_cache_bytes=0))
    assert "imageCacheGib" not in seen

"""Both sides of a comparison have the same fields, and what nobody knows is no drift."""

from dataclasses import replace

from piston_iac.plan.node_fields import seen_fields, wanted_fields
from tests.unit.plan.test_node_steps import DOCUMENT, FRESH, READY


def test_a_ready_node_has_every_wanted_field() -> None:
    assert seen_fields(READY) == wanted_fields(DOCUMENT)


def test_a_node_without_a_document_is_one_line() -> None:
    assert seen_fields(FRESH) == {"applied": "missing"}


def test_another_document_is_told_by_its_digest() -> None:
    seen = seen_fields(replace(READY, document="f" * 64))
    assert seen["applied"] == "sha256:ffffffffffff"

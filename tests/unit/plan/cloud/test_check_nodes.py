"""For which nodes a check waits before it begins."""

from __future__ import annotations

from dataclasses import replace

from piston_iac.plan.cloud.check.nodes import late
from tests.unit.plan.cloud.test_agents import HERE

DOCUMENTS = {"n1": "a", "n2": "b", "n3": "c"}
READY = replace(HERE, phase="settled", document="a")


def test_nodes_that_have_applied_their_documents_are_not_waited_for() -> None:
    reports = {node: replace(READY, document=digest) for node, digest in DOCUMENTS.items()}
    assert late(DOCUMENTS, reports, ()) == []


def test_one_that_waits_for_its_turn_or_is_at_it_is_waited_for() -> None:
    reports = {"n1": READY, "n2": replace(READY, document="old"), "n3": replace(READY, phase="applying")}
    assert late(DOCUMENTS, reports, ()) == [
        "n2, which has another document",
        "n3, which has another document",
    ]
    reports["n3"] = replace(READY, document="c", phase="applying")
    assert late(DOCUMENTS, reports, ()) == ["n2, which has another document", "n3, which is applying"]


def test_one_that_is_silent_or_failed_keeps_nobody_from_checking_the_others() -> None:
    old = replace(READY, document="old")
    assert late(DOCUMENTS, {"n1": READY, "n2": None, "n3": old}, {"n3"}) == []
    assert late(DOCUMENTS, {"n1": replace(old, phase="failed")}, ()) == []

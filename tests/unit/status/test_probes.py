"""What is asked: a look that told nothing is taken once more, and only what is there is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers.ceph_pool import CephPoolInputs, CephPoolProvider
from piston_iac.dynamic_providers.converging import Seen
from piston_iac.status.probes import clients, probes, resource_probe
from tests.unit.status.rack import DECLARED, SITE

POOL = next(it for it in DECLARED if it.kind == "CephPool")


class Answering(CephPoolProvider):
    """Gives these answers, one after the other."""

    def __init__(self, *answers: Seen) -> None:
        self.answers = list(answers)

    def observe(self, inputs: CephPoolInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        assert bound == {"guid": "g"}
        return self.answers.pop(0)


def test_a_look_that_told_nothing_is_taken_once_more() -> None:
    nothing, told = Seen({}), Seen({"exists": True})
    for answers, result in (((nothing, told), told), ((told, nothing), told), ((nothing, nothing), nothing)):
        provider = Answering(*answers)
        probe = resource_probe(replace(POOL, provider=provider), {"guid": "g"})
        assert probe.ask(Deadline.after(5)) == result
    provider = Answering(nothing)
    assert resource_probe(replace(POOL, provider=provider), {"guid": "g"}).ask(Deadline.after(0)) == nothing


def test_every_resource_report_and_the_boot_node_is_asked_with_a_time_of_its_own() -> None:
    asked = probes(DECLARED, clients(SITE), {})
    assert len({probe.key for probe in asked}) == len(asked) == len(DECLARED) + len(SITE.nodes) + 1
    by_key = {probe.key: probe for probe in asked}
    assert (by_key["resource n1-bmc"].look_s, by_key["resource ceph"].look_s) == (12.0, 20.0)
    assert all(probe.look_s < probe.limit_s for probe in asked)

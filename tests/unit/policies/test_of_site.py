"""The policies of a site that was read from its stack file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from piston_iac.policies.catalogue import POLICIES
from piston_iac.policies.of_site import left_to_the_engine, violations
from piston_iac.site.load import read_stack
from piston_iac.site.schema import Site

STACKS = Path(__file__).parents[3] / "stacks"
LAB = (STACKS / "Pulumi.lab.yaml").read_text()
PRODUCTION = LAB.replace("environment: lab", "environment: production")
FIRST_POOL = "images: { pgNum: 8 }"


def site_of(text: str) -> Site:
    site, faults = read_stack("lab", text, "Pulumi.lab.yaml")
    assert site is not None, faults
    return site


def told(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for violation in violations(site_of(text)):
        found.setdefault(violation.policy.name, []).append(violation.text)
    return found


def without_nodes(text: str, first: str, after: str) -> str:
    return text[: text.index(f"    {first}:\n")] + text[text.index(after) :]


def test_there_are_ten_and_one_is_advice() -> None:
    assert len({policy.name for policy in POLICIES}) == 10
    assert [policy.name for policy in POLICIES if policy.advice] == ["flash-for-ceph"]
    assert all(policy.summary() for policy in POLICIES)


def test_the_lab_is_good() -> None:
    assert told(LAB) == {}


def test_the_example_is_good_but_for_advice() -> None:
    assert told((STACKS / "Pulumi.example.yaml").read_text()).keys() == {"flash-for-ceph"}


def test_a_small_production_site() -> None:
    found = told(without_nodes(PRODUCTION, "n4", "\n  piston:ipmi:"))
    assert found.keys() == {"enough-nodes", "flash-for-ceph", "spare-capacity"}
    assert found["enough-nodes"][0].startswith("3 nodes are declared")
    assert found["spare-capacity"][0].startswith("without n1 2 nodes with OSDs are left")


def test_a_failure_domain_of_one_node() -> None:
    text = PRODUCTION
    for domain in ("rack1", "rack1", "rack2", "rack2", "rack3"):
        text = text.replace("failureDomain: rack1\n", f"failureDomain: {domain}x\n", 1)
    (violation,) = told(text)["spare-capacity"]
    assert violation.startswith("without n5 2 failure domains with OSDs are left")


def test_a_bmc_user_that_everybody_tries() -> None:
    found = told(LAB.replace("factoryUser: ADMIN", "factoryUser: ADMIN\n    user: root"))
    assert found.keys() == {"own-bmc-accounts"}
    assert len(found["own-bmc-accounts"]) == 5


def test_what_only_the_engine_can_judge_is_said() -> None:
    assert [*left_to_the_engine(site_of(LAB))] == [("own-bmc-accounts", "passwords are sealed")]
    promising = site_of(LAB.replace(FIRST_POOL, "images: { pgNum: 8, quotaGib: 5 }"))
    assert [policy for policy, _ in left_to_the_engine(promising)] == ["own-bmc-accounts", "spare-capacity"]


# What no stack file can say today is still asked: each rule gets the site's own value.
@pytest.mark.parametrize(
    ("policy", "breaks"),
    [
        ("mirrored-local-disks", lambda site: _with_disks(site, ("a", "b", "c"))),
        ("separate-networks", lambda site: _with_vid(site, 30)),
        ("time-and-names", lambda site: site.model_copy(update={"ntp": ()})),
    ],
)
def test_each_rule_reads_the_site(policy: str, breaks: Callable[[Site], Site]) -> None:
    found = violations(breaks(site_of(LAB)))
    assert {violation.policy.name for violation in found} == {policy}


def _with_disks(site: Site, local: tuple[str, ...]) -> Site:
    node = site.nodes["n1"]
    disks = node.disks.model_copy(update={"local": local})
    return site.model_copy(update={"nodes": {**site.nodes, "n1": node.model_copy(update={"disks": disks})}})


def _with_vid(site: Site, vid: int) -> Site:
    cloud = site.networks.cloud.model_copy(update={"vid": vid})
    return site.model_copy(update={"networks": site.networks.model_copy(update={"cloud": cloud})})

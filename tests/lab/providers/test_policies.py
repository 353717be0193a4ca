"""The policy pack in the real engine: a good site passes, a broken one is stopped in the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.providers.conftest import MakeProject
from tests.lab.providers.engine import CHECKOUT, STACK, Project, Run

PACK = str(CHECKOUT / "policies")


@pytest.fixture(scope="module")
def project(make_project: MakeProject) -> Project:
    """On the stock host: a plan of a first install asks no device."""
    return make_project(own_host=False)


def stack_file(project: Project) -> Path:
    return project.directory / f"Pulumi.{STACK}.yaml"


def violations(run: Run) -> dict[str, str]:
    """Text of each policy that was violated, by the policy's name."""
    found = [event["policyEvent"] for event in run.events if "policyEvent" in event]
    return {event["policyName"]: event["message"] for event in found}


def packs(run: Run) -> list[str]:
    """Names of the policy packs that were asked."""
    summary = next(event["summaryEvent"] for event in run.events if "summaryEvent" in event)
    return [name.partition("|")[0] for name in summary["PolicyPacks"]]


def test_a_good_site_passes(project: Project) -> None:
    plan = project.preview("--policy-pack", PACK)
    assert plan.code == 0, plan.text
    assert packs(plan) == ["piston"]
    assert violations(plan) == {}


def test_a_broken_site_is_stopped(project: Project) -> None:
    """One node in production, with a BMC user that everybody tries."""
    good = stack_file(project).read_text()
    bad = good.replace("environment: lab", "environment: production")
    bad = bad.replace("factoryUser: ADMIN", "factoryUser: ADMIN\n    user: root")
    stack_file(project).write_text(bad)
    try:
        plan = project.preview("--policy-pack", PACK)
    finally:
        stack_file(project).write_text(good)
    assert plan.code != 0
    told = violations(plan)
    assert told.keys() == {"enough-nodes", "own-bmc-accounts"}, plan.text
    assert "1 nodes are declared, production needs 5" in told["enough-nodes"]
    assert "gets a user root" in told["own-bmc-accounts"]

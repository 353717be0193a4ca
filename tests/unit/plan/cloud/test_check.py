"""The cloud's check of itself, step by step, in a small cloud."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from piston_iac.plan.cloud.api_call import Answer
from piston_iac.plan.cloud.check import record
from piston_iac.plan.cloud.check.seen import NAME, computes, server_name
from piston_iac.plan.cloud.check.steps import Do, Fail, Ready, Step, Wait, clean_up, next_step
from tests.unit.plan.cloud.small_cloud import SmallCloud

HOSTS = ("n1", "n2", "n3")
_STEPS = 40


def make(cloud: SmallCloud, hosts: Sequence[str] = HOSTS) -> Step:
    """Go on until there is nothing more to do."""
    for _ in range(_STEPS):
        step = next_step(hosts, "p", cloud.look())
        if isinstance(step, Do):
            cloud.send((*step.calls, *step.at_once))
        elif not isinstance(step, Wait):
            return step
    raise AssertionError(f"it goes on for ever: {step}")


def clean(cloud: SmallCloud) -> None:
    for _ in range(_STEPS):
        step = clean_up("p", cloud.look())
        if step is None:
            return
        if isinstance(step, Do):
            cloud.send((*step.calls, *step.at_once))
    raise AssertionError(f"something stays: {cloud.left()}")


def test_a_machine_on_each_node_with_its_own_address_and_one_with_a_volume() -> None:
    cloud = SmallCloud()
    ready = make(cloud)
    assert isinstance(ready, Ready)
    assert {it["host"] for it in cloud.of("servers").values()} == set(HOSTS)
    addresses = {it["floating_ip_address"] for it in cloud.of("floatingips").values()}
    assert {it for it in ready.pages if not it.endswith("/volume")} == {f"http://{it}/" for it in addresses}
    assert sorted(ready.pages.values()) == sorted([*map(server_name, HOSTS), server_name("n1")])
    (volume,) = cloud.of("volumes").values()
    assert volume["status"] == "in-use"


def test_a_second_look_makes_nothing_twice() -> None:
    cloud = SmallCloud()
    make(cloud)
    before = sorted(cloud.left())
    make(cloud)
    assert sorted(cloud.left()) == before


def test_nothing_is_left() -> None:
    cloud = SmallCloud()
    make(cloud)
    clean(cloud)
    assert cloud.left() == []


@pytest.mark.parametrize("steps", range(12))
def test_a_check_that_was_killed_anywhere_is_cleaned_up(steps: int) -> None:
    cloud = SmallCloud()
    for _ in range(steps):
        step = next_step(HOSTS, "p", cloud.look())
        if isinstance(step, Do):
            cloud.send((*step.calls, *step.at_once))
    clean(cloud)
    assert cloud.left() == []


def test_a_node_that_starts_none_is_named_with_what_nova_says() -> None:
    step = make(SmallCloud(refuses="n2"))
    assert isinstance(step, Fail)
    assert "n2" in step.cause and "No valid host was found." in step.cause


def test_what_the_platform_has_to_bring_is_named_at_once() -> None:
    cloud = SmallCloud()
    seen = cloud.look()
    bare = type(seen)(**{**vars(seen), "image": "", "group": ""})
    step = next_step(HOSTS, "p", bare)
    assert isinstance(step, Fail)
    assert "image piston-check" in step.cause and f"security group {NAME}" in step.cause


def projects(record_: record.Record) -> Answer:
    body = record.write("p", record_).body["project"]
    return Answer(200, {"projects": [{"id": "p", **body}]})


def test_what_is_written_is_read() -> None:
    kept = record.Record("d", 1000.0, ["n1"], {"all": 2.5})
    assert record.read(projects(kept)) == kept
    assert record.read(Answer(200, {"projects": [{"id": "p", "piston_checked": "{}x"}]})) == record.Record()
    assert record.read(Answer(200, {"projects": []})) == record.Record()


def test_a_look_tells_another_digest_an_old_check_and_a_node_that_was_left_out() -> None:
    kept = record.Record("d", 1000.0, ["n1"])
    states = {"n1": "up", "n2": "up", "n3": "down"}
    seen = record.seen_fields(kept, states, max_age_h=48, now_s=1000.0 + 47 * 3600)
    assert seen == {
        "digest": "d",
        "age": "recent",
        "nodes": {"n1": "passed", "n2": "not checked", "n3": "passed"},
    }
    late = record.seen_fields(kept, states, max_age_h=48, now_s=1000.0 + 72 * 3600)
    assert late["age"] == "3 days, and 2 are allowed"
    assert record.seen_fields(record.Record(), states, 48, 1000.0)["age"] == "never"


def test_nodes_that_take_machines() -> None:
    services = [
        {"host": "n1", "state": "up", "status": "enabled"},
        {"host": "n2", "state": "down", "status": "enabled"},
        {"host": "n3", "state": "up", "status": "disabled"},
    ]
    assert computes(Answer(200, {"services": services})) == {"n1": "up", "n2": "down", "n3": "disabled"}
    with pytest.raises(ValueError, match="asked for services: status 503"):
        computes(Answer(503, {}))

"""What the ownership table calls seen is seen: it follows the device, and not what was wanted."""

from __future__ import annotations

from typing import Any

import pytest

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers.converging import Props
from piston_iac.dynamic_providers.ownership import OWNERS
from piston_iac.dynamic_providers.ownership.terms import Ownership, Seen
from tests.unit.plan.ceph.rack import wanted
from tests.unit.providers.realities import Silent, put_in_place, realities
from tests.unit.providers.site_resources import resources_of

# Of the services the one that the device in memory has.
SAMPLES = {
    it.owner.resource: it.inputs
    for stack in ("example", "lab")
    for it in reversed(resources_of(stack))
    if it.owner.resource != "OpenStackService" or it.inputs.service == "glance"
}
# The service that has all that services have.
SAMPLES["OpenStackService"] = next(it.inputs for it in resources_of("example") if it.name == "nova")
CLUSTER = wanted("n1", "n2", "n3", "n4", "n5")
# What a resource is about has to be what its device in memory has.
FITTING: dict[str, dict[str, Any]] = {
    "IpmiCredential": {
        "user": "piston",
        "password": "own",
        "break_glass_user": "piston-rescue",
        "break_glass_password": "spare",
        "factory_user": "ADMIN",
    },
    "SwitchRoute": {"destination": "0.0.0.0/0"},
    "CephPool": {"pool": "vms"},
    "CephCluster": {
        "fsid": CLUSTER.fsid,
        "mon_addresses": CLUSTER.mons,
        "mgr_hosts": CLUSTER.mgrs,
        "osd_hosts": CLUSTER.osds,
        "keys": {},
    },
}
by_resource = pytest.mark.parametrize("owner", OWNERS, ids=[it.resource for it in OWNERS])


def looks(owner: Ownership[Any], patch: pytest.MonkeyPatch) -> list[Props]:
    """The fields that the resource sees, in each reality."""
    inputs = SAMPLES[owner.resource].model_copy(update=FITTING.get(owner.resource, {}))
    found = []
    for driver in realities()[owner.resource][2]:
        put_in_place(patch, owner.resource, driver)
        found.append(owner.provider().observe(inputs, {}, Deadline.after(5)).fields)
    return found


def values(fields: list[Props], name: str) -> list[object]:
    return [it[name] for it in fields if name in it]


@by_resource
def test_what_is_seen_is_what_the_table_says(owner: Ownership[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    fields = looks(owner, monkeypatch)
    # `fault` is the look's own failure: see below.
    assert {name for it in fields for name in it} - {"fault"} == set(owner.names(Seen)) - {"fault"}


@by_resource
def test_what_is_seen_follows_the_device(owner: Ownership[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    fields = looks(owner, monkeypatch)
    seen = set(owner.names(Seen)) - {"fault"}
    same = {it for it in seen if all(value == values(fields, it)[0] for value in values(fields, it))}
    assert same == set()


@pytest.mark.parametrize(
    "owner", [it for it in OWNERS if it.names(Seen) != ["fault"]], ids=lambda it: it.resource
)
def test_a_device_that_does_not_answer_is_seen(
    owner: Ownership[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_place(monkeypatch, owner.resource, Silent())
    props = SAMPLES[owner.resource].props()
    read = owner.provider().read("lab/it", {**props, "born": "then"})
    assert read.outs
    assert read.outs["fault"].startswith("unreachable: ")
    assert {name: value for name, value in read.outs.items() if name in props} == {
        **props,
        "fault": read.outs["fault"],
    }

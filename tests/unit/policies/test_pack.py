"""The pack judges what the program asks for: a good site passes, each broken resource is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from piston_iac.policies.catalogue import POLICIES
from piston_iac.site.load import read_stack
from piston_iac.site.schema import Site
from tests.unit.policies.pack import Pack, Resources, running_pack, wanted_resources

STACKS = Path(__file__).parents[3] / "stacks"


def site_of(name: str) -> Site:
    site, faults = read_stack(name, (STACKS / f"Pulumi.{name}.yaml").read_text(), name)
    assert site is not None, faults
    return site


def config_of(site: Site) -> dict[str, str]:
    """As the engine hands it to a pack: a section is JSON text."""
    domains = {name: {"failureDomain": node.failure_domain} for name, node in site.nodes.items()}
    return {"piston:environment": site.environment, "piston:nodes": json.dumps(domains)}


LAB, EXAMPLE = site_of("lab"), site_of("example")


@pytest.fixture
def lab() -> Iterator[Pack]:
    with running_pack(config_of(LAB)) as pack:
        yield pack


@pytest.fixture
def production() -> Iterator[Pack]:
    with running_pack(config_of(EXAMPLE)) as pack:
        yield pack


def changed(resources: Resources, kind: str, name: str, **props: Any) -> Resources:
    assert (kind, name) in resources
    return {**resources, (kind, name): {**resources[kind, name], **props}}


def test_every_policy_is_in_the_pack(lab: Pack) -> None:
    levels = {it.name: "ADVISORY" if it.advice else "MANDATORY" for it in POLICIES}
    assert lab.policies() == levels


def test_the_lab_passes(lab: Pack) -> None:
    resources = wanted_resources(LAB)
    assert lab.on_each(resources) == []
    assert lab.on_each(resources) == []  # the run after its preview, in one process
    assert lab.on_all(resources) == []


def test_the_example_gets_advice(production: Pack) -> None:
    resources = wanted_resources(EXAMPLE)
    assert [policy for policy, _ in production.on_all(resources)] == ["flash-for-ceph"]


def test_each_broken_resource_is_told_by_one_policy(lab: Pack) -> None:
    good = wanted_resources(LAB)
    rule = good["CephPool", "pool-vms"]["rule"]
    mirror = good["BareMetalNode", "n3"]["mirror"]
    services = good["BootNode", "boot-node"]["services"]
    cases = {
        "three-copies": ("CephPool", "pool-vms", {"rule": {**rule, "spreadOver": "osd"}}),
        "two-copies-to-write": ("CephPool", "pool-vms", {"minSize": 1}),
        "odd-mons": ("CephCluster", "ceph", {"monAddresses": {"n1": "", "n2": "", "n3": "", "n4": ""}}),
        "mirrored-local-disks": ("BareMetalNode", "n3", {"mirror": {**mirror, "profile": "raid1"}}),
        "own-bmc-accounts": ("IpmiCredential", "n3-bmc", {"factoryLogin": "enabled"}),
        "time-and-names": ("BootNode", "boot-node", {"services": {**services, "chrony.service": "masked"}}),
    }
    for policy, (kind, name, props) in cases.items():
        told = lab.on_each(changed(good, kind, name, **props))
        assert [who for who, _ in told] == [policy], told


def test_a_password_of_two_bmcs_is_told_before_the_second_is_touched(lab: Pack) -> None:
    good = wanted_resources(LAB)
    password = good["IpmiCredential", "n2-bmc"]["password"]
    [(policy, text)] = lab.on_each(changed(good, "IpmiCredential", "n3-bmc", password=password))
    assert policy == "own-bmc-accounts"
    assert "at the BMC of n3 opens the BMC of n2 too" in text


def test_what_all_resources_make_is_told_by_one_policy(production: Pack) -> None:
    good = wanted_resources(EXAMPLE)
    for pool in ("backups", "objects"):
        rule = {**good["CephPool", f"pool-{pool}"]["rule"], "deviceClass": "nvme"}
        good = changed(good, "CephPool", f"pool-{pool}", rule=rule)
    assert production.on_all(good) == []
    gib = 1024**3
    promising = changed(good, "CephPool", "pool-vms", quotaBytes=2000 * gib)
    four = {key: props for key, props in good.items() if key != ("BareMetalNode", "n5")}
    clash = changed(good, "SwitchVlan", "data-vlan40", gateway="10.64.10.9/28")
    cases = {
        "enough-nodes": four,
        "separate-networks": clash,
        "spare-capacity": changed(promising, "CephCluster", "ceph", capacityGib=8000.0),
    }
    assert production.on_all(promising) == []  # nobody told the capacity yet
    assert production.on_all(changed(promising, "CephCluster", "ceph", capacityGib=9000.0)) == []
    for policy, resources in cases.items():
        told = production.on_all(resources)
        assert [who for who, _ in told] == [policy], told


def test_failure_domains_come_from_the_configuration() -> None:
    """Three of them, one of a single node."""
    config = config_of(EXAMPLE)
    racks = {"n1": "a", "n2": "a", "n3": "b", "n4": "b", "n5": "c"}
    config["piston:nodes"] = json.dumps({name: {"failureDomain": rack} for name, rack in racks.items()})
    resources = wanted_resources(EXAMPLE)
    for (kind, _), props in resources.items():
        if kind == "CephPool":
            props["rule"] = {**props["rule"], "spreadOver": "rack", "deviceClass": "ssd"}
    with running_pack(config) as pack:
        [(policy, text)] = pack.on_all(resources)
    assert policy == "spare-capacity"
    assert "without n5 2 failure domains" in text


def test_no_violation_holds_a_password(lab: Pack) -> None:
    """Secrets come in clear; the text says which BMC and never what."""
    password = "hunter2-hunter2!"
    bad = {"password": password, "breakGlassPassword": password, "factoryPassword": password}
    told = lab.on_each(changed(wanted_resources(LAB), "IpmiCredential", "n3-bmc", **bad))
    assert len(told) == 3
    assert password not in str(told)

"""The ownership table against the code: complete, without overlap, and the page is what it says."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from piston_iac import ceph_layout, dynamic_providers
from piston_iac.dynamic_providers.converging import Converging
from piston_iac.dynamic_providers.ownership import OWNERS
from piston_iac.dynamic_providers.ownership.page import page
from piston_iac.dynamic_providers.ownership.terms import Claim, Given, Ownership, Seen, Told
from piston_iac.node_document import from_json
from tests.unit.providers.site_resources import Made, resources_of

PAGE = Path(__file__).parents[3] / "docs" / "observed.md"
by_resource = pytest.mark.parametrize("owner", OWNERS, ids=[it.resource for it in OWNERS])


def providers() -> set[type[Any]]:
    """Every provider of the product that has inputs of its own."""
    for module in pkgutil.iter_modules(dynamic_providers.__path__):
        importlib.import_module(f"{dynamic_providers.__name__}.{module.name}")

    def below(base: type[Any]) -> Iterator[type[Any]]:
        for child in base.__subclasses__():
            yield child
            yield from below(child)

    ours = (it for it in below(Converging) if it.__module__.startswith("piston_iac."))
    return {it for it in ours if "model" in vars(it)}


def wrong_fields(owner: Ownership[Any]) -> list[str]:
    """What does not fit between a row of the table and the resource's inputs."""
    inputs = {field.alias or name for name, field in owner.provider.model.model_fields.items()}
    declared = Counter(field.name for field in owner.fields)
    return [
        *(f"{name} is not declared" for name in sorted(inputs - declared.keys())),
        *(f"{name} is no input" for name in sorted(declared.keys() - inputs)),
        *(f"{name} is declared {count} times" for name, count in declared.items() if count > 1),
    ]


def overlaps(made: Iterable[Made]) -> list[str]:
    """Facts that two resources claim. Those of one kind may, as long as they agree on what they want."""
    claimed: defaultdict[tuple[str, str], list[tuple[Made, Claim]]] = defaultdict(list)
    for resource in made:
        for fact in resource.owner.facts:
            for claim in fact.claims(resource.inputs):
                claimed[claim.device, claim.thing].append((resource, claim))
    return [
        f"{device}: {thing} is claimed by {', '.join(sorted(it.name for it, _ in claims))}"
        for (device, thing), claims in claimed.items()
        if len(claims) > 1 and not _agree(claims)
    ]


def _agree(claims: list[tuple[Made, Claim]]) -> bool:
    wanted = {(resource.owner.resource, claim.agreed) for resource, claim in claims}
    return len(wanted) == 1 and all(claim.agreed for _, claim in claims)


def test_every_provider_is_in_the_table_once() -> None:
    assert Counter(providers()) == Counter(it.provider for it in OWNERS)


@by_resource
def test_every_input_is_declared_once(owner: Ownership[Any]) -> None:
    assert wrong_fields(owner) == []


@by_resource
def test_what_is_told_is_told_by_a_field_that_is_seen(owner: Ownership[Any]) -> None:
    seen = owner.names(Seen)
    assert [it.name for it in owner.fields if isinstance(it, Told) and it.by not in seen] == []


@by_resource
def test_secrets_are_not_among_what_a_plan_shows(owner: Ownership[Any]) -> None:
    assert owner.provider.secrets.isdisjoint(owner.names(Seen))


def test_a_forgotten_a_doubled_and_an_old_field_are_found() -> None:
    row = OWNERS[0]
    assert wrong_fields(replace(row, fields=row.fields[1:])) == ["site is not declared"]
    assert wrong_fields(replace(row, fields=(*row.fields, row.fields[0]))) == ["site is declared 2 times"]
    assert wrong_fields(replace(row, fields=(*row.fields, Given("vlan", "")))) == ["vlan is no input"]


def test_no_two_rows_own_one_fact() -> None:
    owned = Counter((fact.device, fact.thing) for owner in OWNERS for fact in owner.facts)
    assert [fact for fact, count in owned.items() if count > 1] == []


@pytest.mark.parametrize("stack", ["lab", "example"])
def test_no_two_resources_of_a_site_claim_one_thing(stack: str) -> None:
    assert overlaps(resources_of(stack)) == []


def test_the_example_has_every_kind_of_resource() -> None:
    assert {it.owner.resource for it in resources_of("example")} == {it.resource for it in OWNERS}


def test_every_fact_is_claimed_by_somebody() -> None:
    made = resources_of("example")
    claimed = {
        (fact.device, fact.thing)
        for it in made
        for fact in it.owner.facts
        if any(True for _ in fact.claims(it.inputs))
    }
    assert claimed == {(fact.device, fact.thing) for owner in OWNERS for fact in owner.facts}


def changed(made: Iterable[Made], name: str, **values: object) -> list[Made]:
    """The same resources, one of them with other inputs."""
    return [replace(it, inputs=it.inputs.model_copy(update=values)) if it.name == name else it for it in made]


def test_overlaps_are_found() -> None:
    made = resources_of("lab")
    inputs = {it.name: it.inputs.model_dump() for it in made}

    def found(name: str, **values: object) -> str:
        return "; ".join(overlaps(changed(made, name, **values)))

    assert "VLAN 20 is claimed by data-vlan20, data-vlan30" in found("data-vlan30", vid=20)
    assert "port n2-data is claimed by data-n1-data, data-n2-data" in found("data-n1-data", port="n2-data")
    assert "user slot 3 is claimed by" in found("n1-bmc", bmc_address=inputs["n2-bmc"]["bmc_address"])
    # Between kinds of resources: an address, a disk, a unit, a rule that two pools see differently.
    assert "10.30.20.11 is claimed by data-vlan20, n1" in found("data-vlan20", gateway="10.30.20.11/24")
    disk = next(iter(inputs["ceph"]["osd_hosts"]))
    document = from_json(inputs["n1"]["document"])
    mirror = replace(document.mirror, disks=(*document.mirror.disks, disk))
    taken = replace(document, mirror=mirror, units=(*document.units, ceph_layout.mon_unit("n1"))).to_json()
    assert f"disk {disk}: content is claimed by ceph, n1" in found("n1", document=taken)
    assert "unit ceph-mon@n1.service is claimed by ceph, n1" in found("n1", document=taken)
    rule = {**inputs["pool-vms"]["rule"], "deviceClass": "ssd"}
    assert "CRUSH rule piston-host is claimed by" in found("pool-vms", rule=rule)


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text() == page(), "run: python -m piston_iac.dynamic_providers.ownership"

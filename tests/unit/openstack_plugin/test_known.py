"""What the stand-in knows is what the official SDK has: a name that is misspelt would be passed over."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from pulumi._types import input_type_py_to_pulumi_names

from piston_iac.errors import SetupError
from piston_iac.openstack_plugin.functions import FUNCTIONS
from piston_iac.openstack_plugin.kinds import Kind
from piston_iac.openstack_plugin.known import KINDS, function_of, kind_of


def _official(token: str) -> Any:
    """The SDK's class of a token: `openstack:compute/flavor:Flavor` -> `pulumi_openstack.compute.Flavor`."""
    _, module, name = token.split(":")
    return getattr(importlib.import_module(f"pulumi_openstack.{module.partition('/')[0]}"), name)


def _names(kind: Kind, suffix: str) -> set[str]:
    resource = _official(kind.official)
    module = importlib.import_module(resource.__module__)
    arguments = getattr(module, suffix.format(resource.__name__))
    return set(input_type_py_to_pulumi_names(arguments).values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.title)
def test_every_type_and_property_is_the_official_ones(kind: Kind) -> None:
    assert set(kind.inputs) <= _names(kind, "{}Args")
    assert {*kind.inputs, *kind.computed, *kind.secrets} <= _names(kind, "_{}State")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.title)
def test_what_is_said_of_a_property_is_said_of_one_that_there_is(kind: Kind) -> None:
    assert len(set(kind.inputs)) == len(kind.inputs)
    assert {*kind.required, *kind.defaults} <= set(kind.inputs)
    assert set(kind.fields) <= {*kind.inputs, *kind.computed}


@pytest.mark.parametrize("token", FUNCTIONS)
def test_every_function_is_an_official_one(token: str) -> None:
    module, _, name = token.split(":")[1].partition("/")
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    assert callable(getattr(importlib.import_module(f"pulumi_openstack.{module}"), snake))


def test_a_type_is_found_by_the_urn_of_a_resource_below_another_one() -> None:
    urn = "urn:pulumi:s::p::my:own:Room$openstack:compute/flavor:Flavor::small"
    assert kind_of(urn).title == "flavor"


def test_what_is_not_known_comes_with_a_way_out() -> None:
    with pytest.raises(SetupError, match=r"pulumi plugin install resource openstack \d+\.\d+\.\d+"):
        function_of("openstack:images/getImage:getImage")

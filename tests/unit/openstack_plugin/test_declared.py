"""A plan names what differs, and nothing that only looks different."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from piston_iac.openstack_plugin.declared import as_declared, numbers, seen_inputs

SUBNET = {"subnetId": "s"}
CHOSEN = {"subnetId": "s", "ipAddress": "192.168.7.9"}
OTHER = {"subnetId": "t", "ipAddress": "192.168.8.9"}


@pytest.mark.parametrize(
    ("declared", "seen"),
    [
        ("", None),
        ([], None),
        (0, None),
        (False, None),
        (["a", "b"], ["b", "a"]),
        ([SUBNET], [CHOSEN]),
        ([SUBNET, {"subnetId": "t"}], [OTHER, CHOSEN]),
        (UNKNOWN, "anything"),
    ],
)
def test_the_same_in_other_words(declared: Any, seen: Any) -> None:
    assert as_declared(declared, seen) is declared


@pytest.mark.parametrize(
    ("declared", "seen", "told"),
    [
        ("a", "b", "b"),
        ("a", None, None),
        (True, False, False),
        (True, None, None),
        (False, True, True),
        (0, 5, 5),
        (["a"], ["a", "b"], ["a", "b"]),
        (["a", "a"], ["a"], ["a"]),
        ([SUBNET], [OTHER], [{"subnetId": "t"}]),
        ([SUBNET], [], []),
        ({"a": "1"}, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}),
    ],
)
def test_what_differs_is_told_as_it_is(declared: Any, seen: Any, told: Any) -> None:
    assert as_declared(declared, seen) == told


def test_inputs_are_those_declared_as_they_are() -> None:
    declared = {"name": "a", "userData": "kept", "description": "gone"}
    seen = {"name": "b", "description": None, "mtu": 1400}
    assert seen_inputs(declared, seen) == {"name": "b", "userData": "kept"}


def test_numbers_are_whole_where_they_can_be() -> None:
    told = numbers({"ram": 256.0, "rxTxFactor": 1.5, "list": [1.0, {"size": 2.0}], "on": True})
    assert told == {"ram": 256, "rxTxFactor": 1.5, "list": [1, {"size": 2}], "on": True}
    assert isinstance(told["ram"], int)
    assert told["on"] is True

"""The host's pure parts: what differs, what is secret, what may be shown, which SDK is known."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import UNKNOWN, Unknown

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers.host import codec, redact, sdk
from piston_iac.dynamic_providers.host.codec import NOTHING, WHOLE, Mask
from piston_iac.dynamic_providers.host.diff import Kind, differences, top_level
from piston_iac.dynamic_providers.host.watch import Work

VALUES = st.recursive(
    st.booleans() | st.text(max_size=4) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
BAGS = st.dictionaries(st.text(max_size=4), VALUES, max_size=3)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": Kind.UPDATE}),
        ({}, {"a": 1}, {"a": Kind.ADD}),
        ({"a": 1}, {}, {"a": Kind.DELETE}),
        ({"a": True}, {"a": 1}, {"a": Kind.UPDATE}),
        ({"a": 1.0}, {"a": 1}, {}),
        ({"a": {"b": 1}}, {"a": 1}, {"a": Kind.UPDATE}),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, {"a.b.c": Kind.UPDATE}),
        (
            {"units": {"chrony.service": {"active": True}}},
            {"units": {"chrony.service": {"active": False}}},
            {'units["chrony.service"].active': Kind.UPDATE},
        ),
        ({"a": {'x"y': 1}}, {"a": {}}, {'a["x\\"y"]': Kind.DELETE}),
        ({"0a": 1}, {"0a": 2}, {'["0a"]': Kind.UPDATE}),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, {"a[1]": Kind.UPDATE, "a[2]": Kind.ADD}),
        ({"a": [1, 2]}, {"a": [1]}, {"a[1]": Kind.DELETE}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, {"a[0].b": Kind.UPDATE}),
        ({"a": {"b": 1}}, {"a": UNKNOWN}, {"a": Kind.UPDATE}),
        ({"a": [1]}, {"a": [UNKNOWN]}, {"a[0]": Kind.UPDATE}),
        ({}, {"a": UNKNOWN}, {"a": Kind.ADD}),
        ({"__provider": "x"}, {"__provider": "y"}, {}),
    ],
)
def test_differences(old: dict[str, Any], new: dict[str, Any], found: dict[str, Kind]) -> None:
    assert differences(old, new) == found


@given(BAGS)
def test_nothing_differs_from_itself(bag: dict[str, Any]) -> None:
    assert differences(bag, bag) == {}


@given(BAGS, BAGS)
def test_each_difference_lies_in_a_property_of_either_side(old: dict[str, Any], new: dict[str, Any]) -> None:
    for path in differences(old, new):
        if not re.search(r'[\\"]', path.replace('["', "").replace('"]', "")):
            assert top_level(path) in old.keys() | new.keys()


@pytest.mark.parametrize(
    ("path", "name"), [("a.b", "a"), ("a[0]", "a"), ('["x.y"].b', "x.y"), ('["x\\"y"]', 'x"y'), ("a", "a")]
)
def test_top_level(path: str, name: str) -> None:
    assert top_level(path) == name


@given(BAGS)
def test_values_survive_the_way_to_the_engine_and_back(bag: dict[str, Any]) -> None:
    assert codec.decode(codec.encode(bag, NOTHING)) == codec.Bag(bag, NOTHING)


def test_an_unknown_value_survives() -> None:
    back = codec.decode(codec.encode({"a": [UNKNOWN]}, NOTHING))
    assert isinstance(back.values["a"][0], Unknown)


def test_absent_properties_are_left_out() -> None:
    assert codec.decode(codec.encode({"a": None, "b": {"c": None}}, NOTHING)).values == {"b": {}}


def test_a_secret_in_a_map_stays_where_it_is() -> None:
    mask = Mask(keys={"bmc": Mask(keys={"password": WHOLE})})
    back = codec.decode(codec.encode({"bmc": {"password": "p", "user": "u"}}, mask))
    assert back.values == {"bmc": {"password": "p", "user": "u"}}
    assert back.mask == mask
    assert back.secrets() == {"p"}


def test_a_list_with_a_secret_is_secret_as_a_whole() -> None:
    one = codec.encode({"item": "p"}, codec.mask_of(["item"]))
    listed = codec.encode({"list": ["q"]}, NOTHING)
    listed.fields["list"].list_value.values.append(one.fields["item"])
    back = codec.decode(listed)
    assert back.values == {"list": ["q", "p"]}
    assert back.mask == codec.mask_of(["list"])
    assert back.secrets() == {"p", "q"}


def test_a_secret_stays_one_when_the_value_changes_its_shape() -> None:
    mask = Mask(keys={"a": Mask(keys={"b": WHOLE})})
    assert codec.decode(codec.encode({"a": ["p"]}, mask)).mask == codec.mask_of(["a"])


def test_masks_join() -> None:
    inner = Mask(keys={"b": WHOLE})
    assert Mask(keys={"a": inner}) | Mask(keys={"c": WHOLE}) == Mask(keys={"a": inner, "c": WHOLE})
    assert inner | WHOLE == WHOLE
    assert not NOTHING | NOTHING


def test_a_value_the_state_cannot_hold_is_named_without_its_content() -> None:
    with pytest.raises(TypeError, match=r"^property a\.b is a bytes, which the state cannot hold$"):
        codec.encode({"a": {"b": b"planted"}}, NOTHING)


def test_known_secrets_are_taken_out_of_text() -> None:
    redact.learn(["hunter-two", "hunter-two-and-more", "ADMIN"])
    assert (
        redact.one_line("ADMIN tried\nhunter-two-and-more and hunter-two")
        == "ADMIN tried [secret] and [secret]"
    )


@pytest.mark.parametrize("version", ["3.272.0", "3.272.5"])
def test_known_sdks(version: str) -> None:
    assert sdk.fault(version) is None


@pytest.mark.parametrize("version", ["3.273.0", "4.0.0", "2.9.0", "3.271.9", "nonsense", "3"])
def test_unknown_sdks(version: str) -> None:
    fault = sdk.fault(version)
    assert fault is not None
    assert version in fault
    assert "\n" not in fault


def test_the_host_waits_for_running_operations_but_not_for_ever() -> None:
    work, started, finish = Work(), threading.Event(), threading.Event()

    def operate() -> None:
        with work.running():
            started.set()
            finish.wait(10)

    thread = threading.Thread(target=operate)
    thread.start()
    started.wait(10)
    assert not work.wait_idle(Deadline.after(0.05))
    finish.set()
    assert work.wait_idle(Deadline.after(10))
    thread.join()

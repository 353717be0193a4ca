"""Small pure parts: names of properties, cards of a server, patches of an image, ids of role assignments."""

from __future__ import annotations

import pytest

from piston_iac.openstack_plugin.checks import completed
from piston_iac.openstack_plugin.cloud import CloudError
from piston_iac.openstack_plugin.identity import _path
from piston_iac.openstack_plugin.image import _properties
from piston_iac.openstack_plugin.kinds import camel, emptied, from_api, snake, to_api
from piston_iac.openstack_plugin.known import KINDS
from piston_iac.openstack_plugin.servers import _networks

CARDS = [
    {
        "port_id": "p1",
        "net_id": "n1",
        "mac_addr": "m1",
        "fixed_ips": [{"ip_address": "fd00::1"}, {"ip_address": "10.0.0.1"}],
    },
    {"port_id": "p2", "net_id": "n2", "mac_addr": "m2", "fixed_ips": []},
]
ADDRESSES = {"net": [{"addr": "10.0.0.1", "OS-EXT-IPS-MAC:mac_addr": "m1"}]}


@pytest.mark.parametrize(
    ("name", "field"), [("adminStateUp", "admin_state_up"), ("accessIpV4", "access_ip_v4")]
)
def test_names(name: str, field: str) -> None:
    assert snake(name) == field
    assert camel(field) == name


def test_only_entries_of_lists_are_renamed() -> None:
    assert to_api([{"ipAddress": "a"}]) == [{"ip_address": "a"}]
    assert from_api([{"ip_address": "a"}]) == [{"ipAddress": "a"}]
    assert to_api({"ownKey": "a"}) == {"ownKey": "a"}


def test_what_is_set_no_longer_becomes_empty() -> None:
    assert (emptied("a"), emptied(["a"]), emptied({"a": "b"})) == ("", [], {})
    assert emptied(True) is None


def test_a_declared_network_is_found_by_its_port_or_its_id() -> None:
    (by_port,) = _networks([{"port": "p1"}], CARDS, ADDRESSES)
    assert by_port == {"port": "p1", "uuid": "n1", "mac": "m1", "fixedIpV4": "10.0.0.1", "name": "net"}
    (by_id,) = _networks([{"uuid": "n2"}], CARDS, ADDRESSES)
    assert by_id == {"port": "p2", "uuid": "n2", "mac": "m2"}


def test_a_network_whose_card_is_gone_is_gone() -> None:
    assert _networks([{"port": "p9"}], CARDS, ADDRESSES) == []


def test_a_patch_says_only_what_is_different() -> None:
    assert _properties({"a": "1", "b": "1"}, {"a": "1", "c": "1"}) == [
        {"op": "remove", "path": "/b"},
        {"op": "add", "path": "/c", "value": "1"},
    ]


def test_a_role_is_of_one_actor_in_one_place() -> None:
    assert _path(["", "p", "", "u", "r"]) == "/projects/p/users/u/roles/r"
    assert _path(["d", "", "g", "", "r"]) == "/domains/d/groups/g/roles/r"
    for wrong in (["d", "p", "", "u", "r"], ["", "p", "g", "u", "r"], ["p", "r"]):
        with pytest.raises(CloudError):
            _path(wrong)


def test_the_marks_of_the_official_plugin_are_left_out() -> None:
    kind = KINDS["openstack:compute/instance:Instance"]
    assert completed(kind, {"__defaults": [], "name": "a"}, {}, "x", b"") == {
        "name": "a",
        "powerState": "active",
    }

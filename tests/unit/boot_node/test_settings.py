"""Settings: one reader, every fault at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from piston_iac.boot_node.settings import InvalidSettings, Settings, is_file_name, parse_settings


def test_plain_data_goes_in_and_comes_out_the_same(settings: Settings) -> None:
    assert parse_settings(json.loads(json.dumps(settings.to_dict()))) == settings


def test_every_fault_is_told_at_once(raw: dict[str, Any]) -> None:
    raw |= {"sha256": "AB", "address": "10.30.10.500", "release": "../x", "colour": "red"}
    raw["hosts"][0]["mac"] = "52-54-00-0a-00-01"
    with pytest.raises(InvalidSettings) as caught:
        parse_settings(raw)
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "colour",
        "hosts[0].mac",
        "release",
        "sha256",
        "address",
    ]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "n1", "host name n1 is used 2 times"),
        ("mac", "52:54:00:0a:00:01", "MAC address 52:54:00:0a:00:01 is used 2 times"),
        ("address", "10.30.10.5", "address 10.30.10.5 is used 2 times"),
        ("address", "10.30.11.9", "address 10.30.11.9 is not in 10.30.10.0/24"),
    ],
)
def test_hosts_must_not_clash(raw: dict[str, Any], field: str, value: str, said: str) -> None:
    raw["hosts"][1][field] = value
    with pytest.raises(InvalidSettings, match=said):
        parse_settings(raw)


@pytest.mark.parametrize("text", ["", "..", ".hidden", "a/b", "a" * 65, "a\nb"])
def test_a_file_name_is_one_safe_path_element(text: str) -> None:
    assert not is_file_name(text)


def test_a_boot_card_is_found_in_any_letter_case(settings: Settings) -> None:
    found = settings.node_by_mac("52:54:00:0A:00:01")
    assert found is not None
    assert found.name == "n1"
    assert settings.node_by_mac("52:54:00:0c:00:01") is None, "a BMC boots nothing"

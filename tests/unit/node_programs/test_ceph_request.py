"""What the operator may ask, and what of an answer may leave the node."""

from __future__ import annotations

import json
from typing import Any

import pytest

from piston_iac.node_programs.ceph_request import Command, parse_call, refusal, shown
from piston_iac.trust.cephx import key_digest
from piston_iac.trust.secret import Secret

KEY = "AQAAAAAAAAAAABAAOf82mXeGq9NxiHD8TNq8Ug=="


def raw(**changes: Any) -> dict[str, Any]:
    command = {"to": "mon", "command": {"prefix": "status"}}
    return {"name": "client.admin", "key": KEY, "timeout_s": 5, "commands": [command], **changes}


def prefixed(prefix: str) -> dict[str, Any]:
    return raw(commands=[{"to": "mon", "command": {"prefix": prefix}}])


def test_a_call_is_read_once_and_shows_no_key() -> None:
    call = parse_call(raw())
    assert (call.name, call.timeout_s, call.commands[0].prefix) == ("client.admin", 5.0, "status")
    assert KEY not in repr(call)
    assert json.loads(call.commands[0].to_json()) == {"prefix": "status", "format": "json"}


@pytest.mark.parametrize(
    "broken",
    [
        {},
        raw(commands=[{"to": "osd", "command": {"prefix": "status"}}]),
        raw(commands=[{"to": "mon", "command": {}}]),
        raw(commands=[{"to": "mon", "command": {"prefix": ""}}]),
        raw(timeout_s="soon"),
    ],
)
def test_what_does_not_fit_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse_call(broken)


@pytest.mark.parametrize(
    "prefix",
    ["auth get", "auth get-key", "auth add", "config-key get", "osd out", "osd pool set", "mon remove"],
)
def test_a_look_neither_changes_nor_tells_keys(prefix: str) -> None:
    assert f"`{prefix}`" in refusal(parse_call(prefixed(prefix)))


@pytest.mark.parametrize("prefix", ["status", "osd dump", "auth ls", "osd safe-to-destroy"])
def test_a_look_looks(prefix: str) -> None:
    assert refusal(parse_call(prefixed(prefix))) == ""


def test_keys_leave_as_digests_only() -> None:
    entity = {"entity": "osd.0", "key": KEY, "pending_key": KEY, "caps": {"mon": "allow profile osd"}}
    command = Command("mon", {"prefix": "auth ls"}, "")
    found = shown(command, json.dumps({"auth_dump": [entity]}).encode())
    digest = key_digest(Secret(KEY))
    assert found["auth_dump"] == [{**entity, "key": digest, "pending_key": digest}]
    assert shown(Command("mon", {"prefix": "auth export"}, ""), f"key = {KEY}".encode()) == ""


def test_other_answers_are_json_where_they_can_be() -> None:
    command = Command("mon", {"prefix": "osd dump"}, "")
    assert shown(command, b'{"key": "a crush key"}') == {"key": "a crush key"}
    assert shown(command, b"plain\xff") == "plain\ufffd"

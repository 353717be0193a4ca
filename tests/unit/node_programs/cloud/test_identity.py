"""Keystone gives long lists page by page: a look has all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from piston_iac.node_programs.cloud import identity
from piston_iac.node_programs.cloud.access import Access

ACCESS = Access("n1", "10.64.20.11", {"n1": "10.64.20.11"}, "10.64.20.10")
LOOK = {
    "user": "admin",
    "password": "x",
    "calls": [{"method": "GET", "path": "/v3/users?domain_id=default"}],
    "logins": {},
    "apis": {},
}
SECOND = "https://10.64.20.10:5000/v3/users?domain_id=default&marker=1"


def answers(pages: dict[str, tuple[int, Any]]) -> list[identity.Answer]:
    def ask(_host: str, _port: int, method: str, path: str, *_: Any) -> tuple[int, bytes, Any]:
        if method == "POST":
            return 201, b"{}", {"X-Subject-Token": "t"}
        code, body = pages.get(path, (200, {}))
        return code, json.dumps(body).encode(), {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "_ask", ask)
        patch.setattr(identity, "read_access", lambda: ACCESS)
        found: list[identity.Answer] = identity.run(identity.parse(LOOK), only_look=True)["answers"]
        return found


def page(name: str, more: str | None) -> tuple[int, Any]:
    return 200, {"users": [{"name": name}], "links": {"next": more}}


def test_all_pages_are_one_answer() -> None:
    first, second = "/v3/users?domain_id=default", "/v3/users?domain_id=default&marker=1"
    (answer,) = answers({first: page("a", SECOND), second: page("b", None)})
    assert [it["name"] for it in answer["body"]["users"]] == ["a", "b"]


def test_a_page_that_fails_is_no_shorter_list() -> None:
    first, second = "/v3/users?domain_id=default", "/v3/users?domain_id=default&marker=1"
    (answer,) = answers({first: page("a", SECOND), second: (503, {})})
    assert answer["code"] == 503

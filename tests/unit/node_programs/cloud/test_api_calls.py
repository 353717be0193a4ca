"""Services give long lists page by page: a look has all of them."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from piston_iac.node_programs.cloud import api_calls, keystone_login
from piston_iac.node_programs.cloud.access import Access

ACCESS = Access("n1", "10.64.20.11", {"n1": "10.64.20.11"}, "10.64.20.10")
LOOK = {
    "user": "admin",
    "password": "x",
    "project": "admin",
    "token": "",
    "calls": [
        {
            "method": "GET",
            "path": "/v3/users?domain_id=default",
            "body": None,
            "port": 5000,
            "headers": {},
            "file": "",
        }
    ],
    "logins": {},
    "apis": {},
}
SECOND = "https://10.64.20.10:5000/v3/users?domain_id=default&marker=1"


def answers(pages: dict[str, tuple[int, Any]]) -> list[api_calls.Answer]:
    def ask(_host: str, _port: int, method: str, path: str, *_: Any) -> tuple[int, bytes, Any]:
        if method == "POST":
            return 201, b'{"token": {"user": {"id": "u"}, "project": {"id": "p"}}}', {"X-Subject-Token": "t"}
        code, body = pages.get(path, (200, {}))
        return code, json.dumps(body).encode(), {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api_calls, "ask", ask)
        patch.setattr(keystone_login, "ask", ask)
        patch.setattr(api_calls, "place", lambda _access: ACCESS.address)
        patch.setattr(api_calls, "read_access", lambda: ACCESS)
        found: list[api_calls.Answer] = api_calls.run(api_calls.parse(LOOK), only_look=True)["answers"]
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


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("Nova", {"users_links": [{"rel": "next", "href": SECOND}]}),
        ("Glance", {"next": "/v3/users?domain_id=default&marker=1"}),
    ],
)
def test_each_service_says_in_its_own_way_where_the_rest_is(service: str, more: dict[str, Any]) -> None:
    first, second = "/v3/users?domain_id=default", "/v3/users?domain_id=default&marker=1"
    pages = {first: (200, {"users": [{"name": "a"}], **more}), second: (200, {"users": [{"name": "b"}]})}
    (answer,) = answers(pages)
    assert [it["name"] for it in answer["body"]["users"]] == ["a", "b"], service


class Keystone:
    """Counts logins; its tokens are `t1`, `t2`, and so on; of calls it takes the last one's alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logins, self.asked = 0, list[str]()
        for module in (api_calls, keystone_login):
            monkeypatch.setattr(module, "ask", self.ask)
        monkeypatch.setattr(api_calls, "place", lambda _access: ACCESS.address)
        monkeypatch.setattr(api_calls, "read_access", lambda: ACCESS)

    def ask(self, *words: Any) -> tuple[int, bytes, Any]:
        _, _, method, path, _, headers, *_ = words
        if path == "/v3/auth/tokens":
            self.logins += 1
            said = b'{"token": {"user": {"id": "u"}, "project": {"id": "p"}}}'
            return 201, said, {"X-Subject-Token": f"t{self.logins}"}
        self.asked.append(f"{method} {path}")
        return (200 if headers["X-Auth-Token"] == f"t{self.logins}" else 401), b"{}", {}


@pytest.mark.parametrize("only_look", [True, False])
@pytest.mark.parametrize(("kept", "logins", "token"), [("", 1, "t1"), ("t0", 0, "t0"), ("another", 1, "t1")])
def test_a_login_is_used_again_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, kept: str, logins: int, token: str, *, only_look: bool
) -> None:
    keystone = Keystone(monkeypatch)
    said = api_calls.run(api_calls.parse({**LOOK, "token": kept}), only_look=only_look)
    assert (keystone.logins, said["token"]) == (logins, token)
    assert [it["code"] for it in said["answers"]] == [200]


@pytest.mark.parametrize(("at_once", "asked"), [(True, 3), (False, 1)])
def test_changes_that_do_not_need_each_other_are_all_made(
    monkeypatch: pytest.MonkeyPatch, asked: int, *, at_once: bool
) -> None:
    keystone = Keystone(monkeypatch)
    under_way = threading.Barrier(asked)

    def ask(*words: Any) -> tuple[int, bytes, Any]:
        if words[3] == "/v3/auth/tokens":
            return keystone.ask(*words)
        under_way.wait(5)
        return 409, b"{}", {}

    monkeypatch.setattr(api_calls, "ask", ask)
    monkeypatch.setattr(keystone_login, "ask", keystone.ask)
    calls = [{**LOOK["calls"][0], "method": "DELETE", "path": f"/v3/users/{it}"} for it in range(3)]
    said = api_calls.run(api_calls.parse({**LOOK, "calls": calls, "at_once": at_once}), only_look=False)
    assert [it["code"] for it in said["answers"]] == [409] * asked


def test_who_only_asks_whether_an_api_works_logs_in_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    keystone = Keystone(monkeypatch)
    monkeypatch.setattr(api_calls, "health", lambda *_: {"address": 200})
    order = {**LOOK, "calls": [], "apis": {"glance": {"port": 9292, "health": "/healthcheck"}}}
    said = api_calls.run(api_calls.parse(order), only_look=True)
    assert (keystone.logins, said["apis"]) == (0, {"glance": {"address": 200}})

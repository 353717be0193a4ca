"""Calls Keystone for the operator: `python3 -m piston_iac.node_programs.cloud.identity look|change`.

In: {"user", "password", "calls": [{"method", "path", "body"}], "logins": {user: password}, "apis": {name:
{"port", "health"}}}. `look` makes GET calls alone. `logins`: accounts that are tried; `apis`: asked at the
virtual address and at every control host.
Out: {"answers": [{"code", "body"}], "logins": {user: true}, "apis": {name: {"address" | node: code}}};
`change` ends with the first call that is refused. Code 0: no answer.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.access import Access, read_access
from piston_iac.node_programs.program import Answer, Fault, Request, converse, leave
from piston_iac.trust.secret import Secret

_LIMIT_S = 10.0
_HEALTH_S = 4.0
_DOMAIN = {"name": "Default"}
_FIRST_ERROR = 300


@dataclass(frozen=True)
class Call:
    """One call. `body` None: none."""

    method: str
    path: str
    body: Any


@dataclass(frozen=True)
class Order:
    """All that is asked for."""

    user: str
    password: Secret
    calls: tuple[Call, ...]
    logins: dict[str, Secret]
    apis: dict[str, tuple[int, str]]


def parse(raw: Request) -> Order:
    """Read the operator's request.

    Raises:
        KeyError, TypeError: it does not fit.
    """
    return Order(
        str(raw["user"]),
        Secret(str(raw["password"])),
        tuple(Call(str(it["method"]), str(it["path"]), it.get("body")) for it in raw["calls"]),
        {str(name): Secret(str(password)) for name, password in raw["logins"].items()},
        {str(name): (int(it["port"]), str(it["health"])) for name, it in raw["apis"].items()},
    )


def run(order: Order, only_look: bool) -> Answer:
    """Do all of it.

    Raises:
        Fault: the operator's login is refused, Keystone does not answer, or a look would change something.
    """
    if only_look and any(call.method != "GET" for call in order.calls):
        raise Fault("a look makes GET calls alone")
    access = read_access()
    with ThreadPoolExecutor(16) as pool:
        apis = {name: pool.submit(_health, access, *it) for name, it in order.apis.items()}
        logins = {name: pool.submit(_can_log_in, access, name, it) for name, it in order.logins.items()}
        answers = _calls(access, order, stop=not only_look) if order.calls else []
        return {
            "answers": answers,
            "logins": {name: it.result() for name, it in logins.items()},
            "apis": {name: it.result() for name, it in apis.items()},
        }


def _calls(access: Access, order: Order, stop: bool) -> list[Answer]:
    place = _keystone(access)
    token = _token(place, order.user, order.password, "admin")
    if not token:
        raise Fault(f"Keystone refuses the login of {order.user}")
    found = []
    for call in order.calls:
        body = None if call.body is None else json.dumps(call.body)
        token_header = {"X-Auth-Token": token}
        answer = _answer(place, call.method, call.path, body, token_header)
        # Of what there is much, Keystone gives the first thousand and says where the next are.
        while more := _next(answer):
            page = _answer(place, call.method, more, body, token_header)
            if page["code"] != HTTPStatus.OK:
                answer = page
                break
            lists = {name: it for name, it in answer["body"].items() if isinstance(it, list)}
            answer = {**page, "body": {**page["body"], **{it: lists[it] + page["body"][it] for it in lists}}}
        found.append(answer)
        if stop and answer["code"] >= _FIRST_ERROR:
            break
    return found


def _answer(place: str, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
    code, text, _ = _ask(place, layout.KEYSTONE_PORT, method, path, body, headers)
    return {"code": code, "body": json.loads(text) if text.startswith(b"{") else {}}


def _next(answer: Answer) -> str:
    """Path and query of the page after this one; empty for none."""
    more = urlsplit((answer["body"].get("links") or {}).get("next") or "")
    return f"{more.path}?{more.query}" if more.query else ""


def _can_log_in(access: Access, user: str, password: Secret) -> bool:
    return bool(_token(_keystone(access), user, password, "service"))


def _keystone(access: Access) -> str:
    """Where Keystone answers: the virtual address, or a host while no host has that."""
    codes = _health(access, layout.KEYSTONE_PORT, "/v3")
    place = next((name for name, code in codes.items() if code == HTTPStatus.OK), "address")
    return access.members.get(place, access.address)


def _token(place: str, user: str, password: Secret, project: str) -> str:
    """A token; empty when the login is refused.

    Raises:
        Fault: Keystone does not work.
    """
    account = {"name": user, "domain": _DOMAIN, "password": password.get_secret_value()}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": account}},
            "scope": {"project": {"name": project, "domain": _DOMAIN}},
        }
    }
    code, _, headers = _ask(place, layout.KEYSTONE_PORT, "POST", "/v3/auth/tokens", json.dumps(body), {})
    if code == HTTPStatus.CREATED:
        return str(headers.get("X-Subject-Token", ""))
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ""
    raise Fault(f"Keystone answers {code or 'nothing'} at {place}")


def _health(access: Access, port: int, path: str) -> dict[str, int]:
    places = {"address": access.address, **access.members}
    with ThreadPoolExecutor(len(places)) as pool:
        codes = pool.map(lambda at: _ask(at, port, "GET", path, None, {}, _HEALTH_S)[0], places.values())
        return dict(zip(places, codes, strict=True))


def _ask(
    host: str,
    port: int,
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
    limit_s: float = _LIMIT_S,
) -> tuple[int, bytes, Any]:
    """One request: status, body, headers; status 0 when there is no answer."""
    context = ssl.create_default_context(cafile=layout.WEB_CA)
    connection = http.client.HTTPSConnection(host, port, timeout=limit_s, context=context)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    except (OSError, http.client.HTTPException):
        return 0, b"", {}
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments not in (["look"], ["change"]):
        print("usage: identity look|change", file=sys.stderr)
        return 2
    return converse(parse, lambda order: run(order, arguments == ["look"]))


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

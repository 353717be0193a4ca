"""Calls APIs of the cloud for the operator: `python3 -m ...cloud.api_calls look|change`.

In: {"user", "password", "project", "calls": [{"method", "path", "body", "port", "headers", "file"}],
"logins": {user: password}, "apis": {name: {"port", "health"}}}. `look` makes GET calls alone. `logins`:
accounts that are tried; `apis`: asked at the virtual address and at every control host.
Out: {"answers": [{"code", "body"}], "logins": {user: true}, "apis": {name: {place: code}}}, where a
place is "address" or a node; `change` ends with the first call that is refused. Code 0: no answer.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.cloud.https import LIMIT_S, ask, health
from piston_iac.node_programs.cloud.keystone_login import place, token
from piston_iac.node_programs.program import Answer, Fault, Request, converse, leave
from piston_iac.trust.secret import Secret

# A file goes into the cluster storage before the answer comes.
_FILE_S = 80.0
# A router with a way out takes Neutron ten seconds on a machine that has little time.
_CHANGE_S = 40.0
_FIRST_ERROR = 300
_AT_ONCE = 6


@dataclass(frozen=True)
class Call:
    """One call. `body` None: none; text is sent as it is, all else as JSON. `file`: sent instead of it."""

    method: str
    path: str
    body: Any
    port: int
    headers: dict[str, str]
    file: str


@dataclass(frozen=True)
class Order:
    """All that is asked for. `project`: the one that calls are made in."""

    user: str
    password: Secret
    project: str
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
        str(raw["project"]),
        tuple(_call(it) for it in raw["calls"]),
        {str(name): Secret(str(password)) for name, password in raw["logins"].items()},
        {str(name): (int(it["port"]), str(it["health"])) for name, it in raw["apis"].items()},
    )


def _call(raw: Request) -> Call:
    headers = {str(name): str(value) for name, value in raw["headers"].items()}
    return Call(
        str(raw["method"]), str(raw["path"]), raw["body"], int(raw["port"]), headers, str(raw["file"])
    )


def run(order: Order, only_look: bool) -> Answer:
    """Do all of it.

    Raises:
        Fault: the operator's login is refused, Keystone does not answer, or a look would change something.
    """
    if only_look and any(call.method != "GET" for call in order.calls):
        raise Fault("a look makes GET calls alone")
    access = read_access()
    at = place(access) if order.calls or order.logins else ""
    with ThreadPoolExecutor(16) as pool:
        apis = {name: pool.submit(health, access, *it) for name, it in order.apis.items()}
        logins = {name: pool.submit(_can_log_in, at, name, it) for name, it in order.logins.items()}
        answers = _calls(at, order, stop=not only_look) if order.calls else []
        return {
            "answers": answers,
            "logins": {name: it.result() for name, it in logins.items()},
            "apis": {name: it.result() for name, it in apis.items()},
        }


def _calls(at: str, order: Order, stop: bool) -> list[Answer]:
    key = token(at, order.user, order.password, order.project)
    if not key:
        raise Fault(f"Keystone refuses the login of {order.user} in project {order.project}")
    if not stop:
        # Each waits for another service.
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda call: _whole(at, call, key), order.calls))
    found = []
    for call in order.calls:
        answer = _whole(at, call, key)
        found.append(answer)
        if answer["code"] >= _FIRST_ERROR:
            break
    return found


def _whole(at: str, call: Call, key: str) -> Answer:
    """The answer with all its pages: of what there is much, services give a part and say where more is."""
    answer = _answer(at, call, call.path, key)
    while more := _next(answer["body"]):
        page = _answer(at, call, more, key)
        if page["code"] != HTTPStatus.OK:
            return page
        lists = {name: it for name, it in answer["body"].items() if isinstance(it, list)}
        joined = {name: it + page["body"].get(name, []) for name, it in lists.items() if not _is_link(name)}
        answer = {**page, "body": {**page["body"], **joined}}
    return answer


def _answer(at: str, call: Call, path: str, key: str) -> Answer:
    headers = {"X-Auth-Token": key, **call.headers}
    body = call.body if call.body is None or isinstance(call.body, str) else json.dumps(call.body)
    with Path(call.file).open("rb") if call.file else nullcontext(body) as content:
        limit_s = _FILE_S if call.file else LIMIT_S if call.method == "GET" else _CHANGE_S
        if call.file:
            headers |= {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(Path(call.file).stat().st_size),
            }
        code, text, _ = ask(at, call.port, call.method, path, content, headers, limit_s)
    return {"code": code, "body": json.loads(text) if text.startswith(b"{") else {}}


def _next(body: dict[str, Any]) -> str:
    """Path and query of the page after this one; empty for none. Each kind of service has its own way."""
    links = body.get("links")
    places = [links.get("next") if isinstance(links, dict) else None, body.get("next")]
    for name, listed in body.items():
        if _is_link(name) and isinstance(listed, list):
            places += [it["href"] for it in listed if it.get("rel") == "next"]
    more = urlsplit(next((it for it in places if isinstance(it, str)), ""))
    return f"{more.path}?{more.query}" if more.query else ""


def _is_link(name: str) -> bool:
    return name.endswith("_links")


def _can_log_in(at: str, user: str, password: Secret) -> bool:
    return bool(token(at, user, password, "service"))


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments not in (["look"], ["change"]):
        print("usage: api_calls look|change", file=sys.stderr)
        return 2
    return converse(parse, lambda order: run(order, arguments == ["look"]))


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

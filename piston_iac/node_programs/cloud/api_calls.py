"""Calls APIs of the cloud for the operator: `python3 -m ...cloud.api_calls look|change`.

In: {"user", "password", "project", "token", "calls": [{"method", "path", "body", "port", "headers", "file"}],
"at_once", "logins": {user: password}, "apis": {name: {"port", "health"}}}. `look` makes GET calls alone.
`token`: of an earlier answer, empty for none: a login costs services more than a call. `logins`: who else is
logged in, to see whether it works; `apis`: asked at the virtual address and at every control host.
Out: {"answers": [{"code", "body"}], "token", "logins": {user: true}, "apis": {name: {place: code}}}, where a
place is "address" or a node; `change` ends with the first call that is refused, and makes all of them side by
side when they are to be made at once. Code 0: no answer; -1: another certificate.
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
_LOOKS_AT_ONCE = 6
# One a control host: where more of them took all that an API has, its balancers had no answer and gave it up.
_CHANGES_AT_ONCE = 3


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
    """All that is asked for. `project`: that calls are made in; `token`: of an earlier login there;
    `at_once`: calls that change something do not need each other.
    """

    user: str
    password: Secret
    project: str
    token: Secret
    calls: tuple[Call, ...]
    logins: dict[str, Secret]
    apis: dict[str, tuple[int, str]]
    at_once: bool = False


def parse(raw: Request) -> Order:
    """Read the operator's request.

    Raises:
        KeyError, TypeError: it does not fit.
    """
    return Order(
        str(raw["user"]),
        Secret(str(raw["password"])),
        str(raw["project"]),
        Secret(str(raw.get("token", ""))),
        tuple(_call(it) for it in raw["calls"]),
        {str(name): Secret(str(password)) for name, password in raw["logins"].items()},
        {str(name): (int(it["port"]), str(it["health"])) for name, it in raw["apis"].items()},
        bool(raw.get("at_once", False)),
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
        session = _Session(at, order)
        if only_look:
            answers = _side_by_side(session, order.calls, _LOOKS_AT_ONCE)
        elif order.at_once:
            answers = _side_by_side(session, order.calls, _CHANGES_AT_ONCE)
        else:
            answers = _in_order(session, order.calls)
        return {
            "answers": answers,
            "token": session.key,
            "logins": {name: it.result() for name, it in logins.items()},
            "apis": {name: it.result() for name, it in apis.items()},
        }


class _Session:
    """One login, which begins with the first call unless there is one that still counts."""

    def __init__(self, at: str, order: Order) -> None:
        self._at, self._order = at, order
        self.key = order.token.get_secret_value()

    def log_in(self) -> None:
        """Begin a new one.

        Raises:
            Fault: it is refused, or Keystone does not work.
        """
        order = self._order
        self.key = token(self._at, order.user, order.password, order.project)
        if not self.key:
            raise Fault(f"Keystone refuses the login of {order.user} in project {order.project}")

    def whole(self, call: Call) -> Answer:
        """The answer with all its pages: services give a part of what is long, and say where more is."""
        answer = self._answer(call, call.path)
        while more := _next(answer["body"]):
            page = self._answer(call, more)
            if page["code"] != HTTPStatus.OK:
                return page
            lists = {name: it for name, it in answer["body"].items() if isinstance(it, list)}
            joined = {
                name: it + page["body"].get(name, []) for name, it in lists.items() if not _is_link(name)
            }
            answer = {**page, "body": {**page["body"], **joined}}
        return answer

    def _answer(self, call: Call, path: str) -> Answer:
        headers = {"X-Auth-Token": self.key, **call.headers}
        body = call.body if call.body is None or isinstance(call.body, str) else json.dumps(call.body)
        with Path(call.file).open("rb") if call.file else nullcontext(body) as content:
            limit_s = _FILE_S if call.file else LIMIT_S if call.method == "GET" else _CHANGE_S
            if call.file:
                headers |= {
                    "Content-Type": "application/octet-stream",
                    "Content-Length": str(Path(call.file).stat().st_size),
                }
            code, text, _ = ask(self._at, call.port, call.method, path, content, headers, limit_s)
        return {"code": code, "body": json.loads(text) if text.startswith(b"{") else {}}


def _side_by_side(session: _Session, calls: tuple[Call, ...], most: int) -> list[Answer]:
    """All of them, `most` at a time: looks each wait for another service."""

    def make(some: list[Call]) -> list[Answer]:
        with ThreadPoolExecutor(most) as pool:
            return list(pool.map(session.whole, some))

    if not calls:
        return []
    old = bool(session.key)
    if not old:
        session.log_in()
    answers = make(list(calls))
    ended = [at for at, it in enumerate(answers) if it["code"] == HTTPStatus.UNAUTHORIZED]
    if old and ended:
        # That login has ended; nothing was done by it.
        session.log_in()
        for at, answer in zip(ended, make([calls[at] for at in ended]), strict=True):
            answers[at] = answer
    return answers


def _in_order(session: _Session, calls: tuple[Call, ...]) -> list[Answer]:
    """In order, up to the first that is refused."""
    found: list[Answer] = []
    if not calls:
        return found
    old = bool(session.key)
    if not old:
        session.log_in()
    for call in calls:
        answer = session.whole(call)
        if answer["code"] == HTTPStatus.UNAUTHORIZED and old:
            # That login has ended; nothing was done by it.
            session.log_in()
            old, answer = False, session.whole(call)
        found.append(answer)
        if answer["code"] >= _FIRST_ERROR:
            break
    return found


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

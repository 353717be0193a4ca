"""Logs in at the dashboard as a browser does: `python3 -m ...cloud.check_dashboard login`.

In: {"user", "password"}. Out: {"seconds": what it took}.
"""

from __future__ import annotations

import re
import ssl
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.program import Answer, Fault, Request, converse, leave
from piston_iac.trust.secret import Secret

_LIMIT_S = 40.0
_FIELD = re.compile(r"<input[^>]*>")
_LOGIN = "/auth/login/"


@dataclass(frozen=True)
class Order:
    """Who logs in."""

    user: str
    password: Secret


def parse(raw: Request) -> Order:
    """Read the operator's request.

    Raises:
        KeyError: it does not fit.
    """
    return Order(str(raw["user"]), Secret(str(raw["password"])))


def hidden_fields(page: str) -> dict[str, str]:
    """Names and values of a form's hidden fields. Pure."""
    found = {}
    for field in _FIELD.findall(page):
        words = dict(re.findall(r'(\w+)="([^"]*)"', field))
        if words.get("type") == "hidden" and "name" in words:
            found[words["name"]] = words.get("value", "")
    return found


def login(order: Order) -> Answer:
    """Fill in the form, and be where its user is.

    Raises:
        Fault: it does not answer, or does not let in.
    """
    began, base = time.monotonic(), f"https://{read_access().address}"
    context = ssl.create_default_context(cafile=layout.WEB_CA)
    browser = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    # It takes a form from its own pages alone.
    browser.addheaders = [("Referer", base + _LOGIN)]
    try:
        form = hidden_fields(_page(browser, base + _LOGIN))
        account = {"username": order.user, "password": order.password.get_secret_value(), "domain": "Default"}
        page = _page(browser, base + _LOGIN, urllib.parse.urlencode({**form, **account}).encode())
    except OSError as error:
        raise Fault(f"the dashboard does not answer: {error}") from None
    if "/auth/logout/" not in page:
        raise Fault(f"the dashboard does not let {order.user} in")
    return {"seconds": round(time.monotonic() - began, 1)}


def _page(browser: urllib.request.OpenerDirector, url: str, form: bytes | None = None) -> str:
    with browser.open(url, form, _LIMIT_S) as answer:
        text: bytes = answer.read()
    return text.decode(errors="replace")


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["login"]:
        print("usage: check_dashboard login", file=sys.stderr)
        return 2
    return converse(parse, login)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

"""Logs in at Keystone, wherever it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.access import Access
from piston_iac.node_programs.cloud.https import ask, health
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret

# It answers at once, or is on no host.
_HERE_S = 4.0
_DOMAIN = {"name": "Default"}


def place(access: Access) -> str:
    """Where the APIs answer: the virtual address, or a host while no host has that."""
    if ask(access.address, layout.KEYSTONE_PORT, "GET", "/v3", None, {}, _HERE_S)[0] == HTTPStatus.OK:
        return access.address
    codes = health(access, layout.KEYSTONE_PORT, "/v3")
    found = next((name for name, code in codes.items() if code == HTTPStatus.OK), "address")
    return access.members.get(found, access.address)


@dataclass(frozen=True)
class Token:
    """A login in a project. `key` is secret."""

    key: str
    user_id: str
    project_id: str


def token(place: str, user: str, password: Secret, project: str) -> str:
    """The key of a login; empty when it is refused.

    Raises:
        Fault: Keystone does not work.
    """
    found = scoped_token(place, user, password, project)
    return found.key if found else ""


def scoped_token(place: str, user: str, password: Secret, project: str) -> Token | None:
    """A login; None when it is refused.

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
    code, text, headers = ask(place, layout.KEYSTONE_PORT, "POST", "/v3/auth/tokens", json.dumps(body), {})
    if code == HTTPStatus.CREATED:
        said = json.loads(text)["token"]
        return Token(str(headers["X-Subject-Token"]), said["user"]["id"], said["project"]["id"])
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return None
    raise Fault(f"Keystone answers {code or 'nothing'} at {place}")

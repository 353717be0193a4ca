"""Logs in at Keystone, wherever it answers."""

from __future__ import annotations

import json
from http import HTTPStatus

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.access import Access
from piston_iac.node_programs.cloud.https import ask, health
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret

_DOMAIN = {"name": "Default"}


def place(access: Access) -> str:
    """Where the APIs answer: the virtual address, or a host while no host has that."""
    codes = health(access, layout.KEYSTONE_PORT, "/v3")
    found = next((name for name, code in codes.items() if code == HTTPStatus.OK), "address")
    return access.members.get(found, access.address)


def token(place: str, user: str, password: Secret, project: str) -> str:
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
    code, _, headers = ask(place, layout.KEYSTONE_PORT, "POST", "/v3/auth/tokens", json.dumps(body), {})
    if code == HTTPStatus.CREATED:
        return str(headers.get("X-Subject-Token", ""))
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ""
    raise Fault(f"Keystone answers {code or 'nothing'} at {place}")

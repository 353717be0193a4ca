"""What one service needs of Keystone: an account, and a place in the catalogue. Pure.

`LOOK` are the calls whose answers `records` reads; `calls` says what to send next; it is asked again after
that, until it says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from piston_iac.plan.cloud.api_call import OK, Answer, Call
from piston_iac.plan.cloud.api_service import SERVICE_PROJECT

INTERFACES = ("admin", "internal", "public")
ROLES = ("admin", "service")
MISSING = "missing"
_DOMAIN = "default"
_PAGE = 500
Fields = dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """One look. `logins`: whether an account's password works. `apis`: status by place, by service.

    `agents`: what services tell of their agents, by service.
    """

    answers: tuple[Answer, ...]
    logins: Mapping[str, bool]
    apis: Mapping[str, Mapping[str, int]]
    agents: Mapping[str, Answer] = field(default_factory=dict)


LOOK = tuple(
    Call("GET", path)
    for path in (
        "/v3/services",
        "/v3/endpoints",
        # Without a limit Keystone leaves out what is beyond its thousandth, and does not say so.
        f"/v3/users?domain_id={_DOMAIN}&limit={_PAGE}",
        f"/v3/projects?domain_id={_DOMAIN}&name={SERVICE_PROJECT}",
        "/v3/roles",
        "/v3/role_assignments",
    )
)


@dataclass(frozen=True)
class Records:
    """Keystone's records, as it gives them."""

    services: Sequence[Mapping[str, Any]]
    endpoints: Sequence[Mapping[str, Any]]
    users: Sequence[Mapping[str, Any]]
    projects: Sequence[Mapping[str, Any]]
    roles: Sequence[Mapping[str, Any]]
    assignments: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class WantedEntry:
    """`account`: its user name, empty for none; `url`: of its API; `region`: its region."""

    name: str
    type: str
    url: str
    region: str
    account: str


def records(answers: Sequence[Answer]) -> Records:
    """Read the answers to `LOOK`.

    Raises:
        ValueError: one of them is no list of records.
    """
    names = ("services", "endpoints", "users", "projects", "roles", "role_assignments")
    if len(answers) != len(names) or any(it.code != OK for it in answers):
        codes = ", ".join(str(it.code) for it in answers)
        raise ValueError(f"Keystone answers {codes}")
    return Records(*(answer.body[name] for answer, name in zip(answers, names, strict=True)))


def seen_fields(wanted: WantedEntry, seen: Records, login: bool | None) -> Fields:
    """The compared fields as they are. `login`: whether the account's password works; None: not tried."""
    service = _service(wanted, seen)
    endpoints = dict.fromkeys(INTERFACES, MISSING)
    for entry in _endpoints(service, seen):
        off = "" if entry["enabled"] else ", disabled"
        endpoints[entry["interface"]] = f"{entry['url']} in {entry['region_id']}{off}"
    fields: Fields = {
        "catalogue": _state(service) if service else MISSING,
        "endpoints": endpoints,
    }
    if wanted.account:
        user, roles = _named(seen.users, wanted.account), _roles(wanted, seen)
        # One that is missing, disabled or without a role cannot log in whatever its password: that is told.
        can = user is not None and user["enabled"] and bool(roles)
        fields["account"] = {
            "state": _state(user) if user else MISSING,
            "roles": roles,
            "password": "works" if login or not can else "does not work",
        }
    return fields


def wanted_fields(wanted: WantedEntry) -> Fields:
    """The compared fields as they are to be."""
    place = f"{wanted.url} in {wanted.region}"
    fields: Fields = {"catalogue": "enabled", "endpoints": dict.fromkeys(INTERFACES, place)}
    if wanted.account:
        fields["account"] = {"state": "enabled", "roles": sorted(ROLES), "password": "works"}
    return fields


def calls(wanted: WantedEntry, seen: Records, login: bool, password: str) -> list[Call]:
    """What to send now: first what others refer to, whose ids only Keystone knows."""
    return _ground(wanted, seen) or _account(wanted, seen, login, password) + _entry(wanted, seen)


def _ground(wanted: WantedEntry, seen: Records) -> list[Call]:
    """The project and the role of services."""
    found = []
    if wanted.account and not _named(seen.projects, SERVICE_PROJECT):
        project = {"name": SERVICE_PROJECT, "domain_id": _DOMAIN}
        found.append(Call("POST", "/v3/projects", {"project": project}))
    if wanted.account and not _named(seen.roles, "service"):
        found.append(Call("POST", "/v3/roles", {"role": {"name": "service"}}))
    return found


def _account(wanted: WantedEntry, seen: Records, login: bool, password: str) -> list[Call]:
    if not wanted.account:
        return []
    user, project = _named(seen.users, wanted.account), _named(seen.projects, SERVICE_PROJECT)
    if user is None or project is None:
        account = {"name": wanted.account, "domain_id": _DOMAIN, "password": password, "enabled": True}
        return [Call("POST", "/v3/users", {"user": account})]
    found = []
    if not user["enabled"]:
        found.append(Call("PATCH", f"/v3/users/{user['id']}", {"user": {"enabled": True}}))
    missing = [name for name in ROLES if name not in _roles(wanted, seen)]
    if not login and not missing and user["enabled"]:
        # Without its role a login fails too: that is mended first.
        found.append(Call("PATCH", f"/v3/users/{user['id']}", {"user": {"password": password}}))
    for name in missing:
        role = _named(seen.roles, name)
        if role:
            path = f"/v3/projects/{project['id']}/users/{user['id']}/roles/{role['id']}"
            found.append(Call("PUT", path))
    return found


def _entry(wanted: WantedEntry, seen: Records) -> list[Call]:
    service = _service(wanted, seen)
    if service is None:
        entry = {"name": wanted.name, "type": wanted.type, "enabled": True}
        return [Call("POST", "/v3/services", {"service": entry})]
    found = []
    if not service["enabled"]:
        found.append(Call("PATCH", f"/v3/services/{service['id']}", {"service": {"enabled": True}}))
    there = _endpoints(service, seen)
    for interface in INTERFACES:
        own = [it for it in there if it["interface"] == interface]
        right = {"url": wanted.url, "region_id": wanted.region, "enabled": True}
        if not own:
            endpoint = {"service_id": service["id"], "interface": interface, **right}
            found.append(Call("POST", "/v3/endpoints", {"endpoint": endpoint}))
            continue
        first, *others = own
        if any(first[name] != value for name, value in right.items()):
            found.append(Call("PATCH", f"/v3/endpoints/{first['id']}", {"endpoint": right}))
        found += [Call("DELETE", f"/v3/endpoints/{it['id']}") for it in others]
    return found


def _service(wanted: WantedEntry, seen: Records) -> Mapping[str, Any] | None:
    return next((it for it in seen.services if it["type"] == wanted.type), None)


def _endpoints(service: Mapping[str, Any] | None, seen: Records) -> list[Mapping[str, Any]]:
    return [it for it in seen.endpoints if service and it["service_id"] == service["id"]]


def _named(entries: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((it for it in entries if it["name"] == name), None)


def _state(entry: Mapping[str, Any]) -> str:
    return "enabled" if entry["enabled"] else "disabled"


def _roles(wanted: WantedEntry, seen: Records) -> list[str]:
    """Names of the account's roles in the project of services."""
    user, project = _named(seen.users, wanted.account), _named(seen.projects, SERVICE_PROJECT)
    if user is None or project is None:
        return []
    names = {role["id"]: role["name"] for role in seen.roles}
    return sorted(
        names[it["role"]["id"]]
        for it in seen.assignments
        if it.get("user", {}).get("id") == user["id"]
        and it.get("scope", {}).get("project", {}).get("id") == project["id"]
        and it["role"]["id"] in names
    )

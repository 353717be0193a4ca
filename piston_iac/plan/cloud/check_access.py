"""The project in which the cloud checks itself: who works in it, and what reaches its machines. Pure.

The administrator works in it, so that a check needs no password of its own, and no project of a user has to
bear its machines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import Call

NAME = layout.CHECK
MISSING = "missing"
ROLES = ("admin", "member")
_PORT = layout.NEUTRON_PORT
LOOK = Call("GET", f"/v2.0/security-groups?name={NAME}", port=_PORT)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """What a security group lets through, from and to everywhere. `protocol` empty: all; `port` 0: all."""

    direction: str
    family: str
    protocol: str = ""
    port: int = 0

    def __str__(self) -> str:
        return " ".join(
            (self.direction, self.family, self.protocol or "all", *([str(self.port)] if self.port else []))
        )


# The first two are there in every new group.
RULES = (
    Rule("egress", "IPv4"),
    Rule("egress", "IPv6"),
    Rule("ingress", "IPv4", "icmp"),
    Rule("ingress", "IPv4", "tcp", 22),
    Rule("ingress", "IPv4", "tcp", 80),
)


def wanted_field() -> dict[str, Any]:
    """As it is to be."""
    return {"project": "enabled", "roles": sorted(ROLES), "rules": sorted(map(str, RULES))}


@dataclass(frozen=True)
class CheckAccess:
    """As it is. `user`: id of the administrator; `held`: names of his roles there; `role_ids`: by name."""

    user: str
    project: Row | None
    role_ids: Mapping[str, str]
    held: tuple[str, ...]
    group: Row | None

    @classmethod
    def among(
        cls,
        user: str,
        projects: Sequence[Row],
        roles: Sequence[Row],
        assignments: Sequence[Row],
        groups: Sequence[Row],
    ) -> CheckAccess:
        """Find it among the services' records."""
        project = next((it for it in projects if it["name"] == NAME), None)
        names = {str(it["id"]): str(it["name"]) for it in roles}
        here = project["id"] if project else ""
        held = {
            names.get(it["role"]["id"], it["role"]["id"])
            for it in assignments
            if here
            and it.get("user", {}).get("id") == user
            and it.get("scope", {}).get("project", {}).get("id") == here
        }
        own = [it for it in groups if it["project_id"] == here and it["name"] == NAME]
        group = min(own, key=lambda it: str(it["id"]), default=None)
        ids = {name: id_ for id_, name in names.items()}
        return cls(user, project, ids, tuple(sorted(held)), group)

    def seen_field(self) -> dict[str, Any]:
        """As it is."""
        if self.project is None:
            # One cause is one line: of one that is not there nothing else is told.
            return {**wanted_field(), "project": MISSING}
        rules = self.group["security_group_rules"] if self.group else ()
        return {
            "project": "enabled" if self.project["enabled"] else "disabled",
            "roles": [name for name in sorted(ROLES) if name in self.held],
            "rules": sorted({_words(it) for it in rules}),
        }

    def calls(self) -> list[Call]:
        """What to send now. Roles beside these are let be: they give the administrator nothing more."""
        if self.project is None:
            body = {"name": NAME, "domain_id": "default", "enabled": True, "description": _PURPOSE}
            return [Call("POST", "/v3/projects", {"project": body})]
        path = f"/v3/projects/{self.project['id']}"
        found = [] if self.project["enabled"] else [Call("PATCH", path, {"project": {"enabled": True}})]
        found += [
            Call("PUT", f"{path}/users/{self.user}/roles/{self.role_ids[name]}")
            for name in ROLES
            if self.user and name not in self.held and name in self.role_ids
        ]
        return found + self._group_calls(str(self.project["id"]))

    def _group_calls(self, project: str) -> list[Call]:
        if self.group is None:
            body = {"name": NAME, "description": _PURPOSE, "project_id": project}
            return [Call("POST", "/v2.0/security-groups", {"security_group": body}, _PORT)]
        wanted = {str(it): it for it in RULES}
        rules = {str(it["id"]): _words(it) for it in self.group["security_group_rules"]}
        found = [
            Call("DELETE", f"/v2.0/security-group-rules/{id_}", port=_PORT)
            for id_, words in rules.items()
            if words not in wanted
        ]
        for words, rule in wanted.items():
            if words not in rules.values():
                body = _body(rule, str(self.group["id"]), project)
                found.append(Call("POST", "/v2.0/security-group-rules", body, _PORT))
        return found


_PURPOSE = "The platform checks the cloud in it: it starts a machine there, and deletes it again."


def _body(rule: Rule, group: str, project: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        "security_group_id": group,
        "project_id": project,
        "direction": rule.direction,
        "ethertype": rule.family,
    }
    if rule.protocol:
        given["protocol"] = rule.protocol
    if rule.port:
        given |= {"port_range_min": rule.port, "port_range_max": rule.port}
    return {"security_group_rule": given}


def _words(rule: Row) -> str:
    """A rule as Neutron has it: like ours where it is one of ours."""
    first, last = rule["port_range_min"], rule["port_range_max"]
    ports = [] if first is None else [str(first) if first == last else f"{first}-{last}"]
    remotes = (rule.get(f"remote_{it}") for it in ("ip_prefix", "group_id", "address_group_id"))
    remote = next(filter(None, remotes), None)
    # Neutron says everybody in more than one way.
    limits = [] if remote in (None, "0.0.0.0/0", "::/0") else [f"with {remote}"]
    return " ".join([rule["direction"], rule["ethertype"], rule["protocol"] or "all", *ports, *limits])

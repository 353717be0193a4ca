"""A cloud in memory that takes calls as the services do: what it is asked to make is there at the next look.

Records have what the API references say they have. `broken`: ports of services that do not work; `refusals`:
status and reason by method and path of calls that a service refuses.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import Answer, Call
from piston_iac.plan.cloud.default_flavors import VERSION

Row = dict[str, Any]
ADMIN_PROJECT, ADMIN = "p-admin", "u-admin"
GUEST_SHA256 = "ab" * 32


def rule(direction: str, family: str, protocol: str | None = None, port: int | None = None) -> Row:
    """A rule of a security group as Neutron has it."""
    return {
        "direction": direction,
        "ethertype": family,
        "protocol": protocol,
        "port_range_min": port,
        "port_range_max": port,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "remote_address_group_id": None,
    }


class FakeCloud:
    """A new cloud: an administrator and his project, and what services have by themselves."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.projects: list[Row] = [
            {"id": ADMIN_PROJECT, "name": "admin", "enabled": True},
            {"id": "p-service", "name": "service", "enabled": True},
        ]
        self.users: list[Row] = [{"id": ADMIN, "name": "admin", "enabled": True}]
        self.roles: list[Row] = [{"id": f"r-{name}", "name": name} for name in ("admin", "member", "reader")]
        self.role_assignments: list[Row] = []
        self.networks: list[Row] = []
        self.subnets: list[Row] = []
        self.security_groups: list[Row] = []
        self.flavors: list[Row] = []
        self.servers: list[Row] = []
        self.images: list[Row] = []
        self.compute_quota: Row = {"id": "default", "instances": 1, "cores": 2, "ram": 3, "key_pairs": 100}
        self.volume_quota: Row = {
            "id": "default",
            "volumes": 4,
            "snapshots": 5,
            "backups": 6,
            "gigabytes": 7,
            "per_volume_gigabytes": -1,
        }
        self.broken: set[int] = set()
        self.refusals: dict[tuple[str, str], tuple[int, str]] = {}
        self.upload_ends = "active"
        self.sent: list[Call] = []

    def ask(self, calls: Iterable[Call]) -> tuple[Answer, ...]:
        """Answers to GET calls."""
        asked = tuple(calls)
        assert all(it.method == "GET" for it in asked)
        return tuple(self._answer(it) for it in asked)

    def change(self, calls: Iterable[Call]) -> tuple[Answer, ...]:
        """Send calls up to the first that is refused."""
        answers = []
        for call in calls:
            self.sent.append(call)
            answers.append(self._answer(call))
            if answers[-1].code >= 300:
                break
        return tuple(answers)

    def _answer(self, call: Call) -> Answer:
        if call.port in self.broken:
            return Answer(503, {})
        url = urlsplit(call.path)
        if refusal := self.refusals.get((call.method, url.path)):
            return Answer(refusal[0], {"error": {"message": refusal[1]}})
        for port, method, path, do in self._routes():
            found = re.fullmatch(path, url.path)
            if found and (port, method) == (call.port, call.method):
                if port == layout.NOVA_PORT:
                    assert call.headers == VERSION or found[0] == "/v2.1/servers/detail"
                code, body = do(call, *found.groups())
                wanted = {name: value[0] for name, value in parse_qs(url.query).items()}
                return Answer(code, _filtered(body, wanted))
        raise AssertionError(f"no service has {call.method} {call.path} at port {call.port}")

    def _routes(self) -> list[tuple[int, str, str, Callable[..., tuple[int, Row]]]]:
        keystone, neutron = layout.KEYSTONE_PORT, layout.NEUTRON_PORT
        nova, cinder, glance = layout.NOVA_PORT, layout.CINDER_PORT, layout.GLANCE_PORT
        quota = "os-quota-class-sets/default"
        return [
            *self._listed(keystone, "/v3", "projects", "users", "roles", "role_assignments"),
            (keystone, "POST", "/v3/projects", self._new_project),
            (keystone, "PATCH", "/v3/projects/([^/]+)", self._changer("projects", "project")),
            (keystone, "PUT", "/v3/projects/([^/]+)/users/([^/]+)/roles/([^/]+)", self._assign),
            *self._listed(neutron, "/v2.0", "networks", "subnets"),
            (neutron, "GET", "/v2.0/security-groups", lambda _: (200, _body(self, "security_groups"))),
            (neutron, "POST", "/v2.0/networks", self._new_network),
            (neutron, "PUT", "/v2.0/networks/([^/]+)", self._changer("networks", "network")),
            (neutron, "DELETE", "/v2.0/networks/([^/]+)", self._remover("networks")),
            (neutron, "POST", "/v2.0/subnets", self._new_subnet),
            (neutron, "PUT", "/v2.0/subnets/([^/]+)", self._changer("subnets", "subnet")),
            (neutron, "DELETE", "/v2.0/subnets/([^/]+)", self._remover("subnets")),
            (neutron, "POST", "/v2.0/security-groups", self._new_group),
            (neutron, "POST", "/v2.0/security-group-rules", self._new_rule),
            (neutron, "DELETE", "/v2.0/security-group-rules/([^/]+)", self._remove_rule),
            (nova, "GET", "/v2.1/flavors/detail", lambda _: (200, _body(self, "flavors"))),
            (nova, "POST", "/v2.1/flavors", self._new_flavor),
            (nova, "GET", "/v2.1/servers/detail", lambda _: (200, _body(self, "servers"))),
            (nova, "DELETE", "/v2.1/flavors/([^/]+)", self._remover("flavors")),
            (nova, "GET", f"/v2.1/{quota}", lambda _: (200, {"quota_class_set": dict(self.compute_quota)})),
            (nova, "PUT", f"/v2.1/{quota}", lambda call: _set(self.compute_quota, call)),
            (cinder, "GET", f"/v3/{quota}", lambda _: (200, {"quota_class_set": dict(self.volume_quota)})),
            (cinder, "PUT", f"/v3/{quota}", lambda call: _set(self.volume_quota, call)),
            *self._listed(glance, "/v2", "images"),
            (glance, "POST", "/v2/images", self._new_image),
            (glance, "PUT", "/v2/images/([^/]+)/file", self._upload),
            (glance, "PATCH", "/v2/images/([^/]+)", self._patch_image),
            (glance, "POST", "/v2/images/([^/]+)/actions/reactivate", self._reactivate),
            (glance, "DELETE", "/v2/images/([^/]+)", self._remover("images")),
        ]

    def _listed(self, port: int, base: str, *kinds: str) -> list[Any]:
        return [
            (port, "GET", f"{base}/{kind}", lambda _, kind=kind: (200, _body(self, kind))) for kind in kinds
        ]

    def _id(self) -> str:
        return f"id-{next(self._numbers)}"

    def _changer(self, kind: str, key: str) -> Callable[..., tuple[int, Row]]:
        def change(call: Call, id_: str) -> tuple[int, Row]:
            given = call.body[key]
            row = next(it for it in getattr(self, kind) if it["id"] == id_)
            assert given.keys() <= row.keys(), given
            row.update(given)
            return 200, {key: row}

        return change

    def _remover(self, kind: str) -> Callable[..., tuple[int, Row]]:
        def remove(_: Call, id_: str) -> tuple[int, Row]:
            rows = getattr(self, kind)
            assert id_ in [it["id"] for it in rows]
            rows[:] = [it for it in rows if it["id"] != id_]
            if kind == "networks":
                self.subnets = [it for it in self.subnets if it["network_id"] != id_]
            return 204, {}

        return remove

    def _new_project(self, call: Call) -> tuple[int, Row]:
        self.projects.append({"id": self._id(), **call.body["project"]})
        return 201, {}

    def _assign(self, _: Call, project: str, user: str, role: str) -> tuple[int, Row]:
        scope = {"project": {"id": project}}
        self.role_assignments.append({"user": {"id": user}, "role": {"id": role}, "scope": scope})
        return 204, {}

    def _new_network(self, call: Call) -> tuple[int, Row]:
        self.networks.append({"id": self._id(), "project_id": ADMIN_PROJECT, **call.body["network"]})
        return 201, {}

    def _new_subnet(self, call: Call) -> tuple[int, Row]:
        self.subnets.append({"id": self._id(), "router:external": True, **call.body["subnet"]})
        return 201, {}

    def _new_group(self, call: Call) -> tuple[int, Row]:
        rules = [{"id": self._id(), **rule("egress", family)} for family in ("IPv4", "IPv6")]
        given = call.body["security_group"]
        self.security_groups.append({"id": self._id(), **given, "security_group_rules": rules})
        return 201, {}

    def _new_rule(self, call: Call) -> tuple[int, Row]:
        given = dict(call.body["security_group_rule"])
        group = next(it for it in self.security_groups if it["id"] == given.pop("security_group_id"))
        assert given.pop("project_id") == group["project_id"]
        made = {**rule(given["direction"], given["ethertype"]), **given, "id": self._id()}
        group["security_group_rules"].append(made)
        return 201, {}

    def _remove_rule(self, _: Call, id_: str) -> tuple[int, Row]:
        for group in self.security_groups:
            kept = [it for it in group["security_group_rules"] if it["id"] != id_]
            group["security_group_rules"] = kept
        return 204, {}

    def _new_flavor(self, call: Call) -> tuple[int, Row]:
        given = call.body["flavor"]
        if any(it["id"] == given["id"] or it["name"] == given["name"] for it in self.flavors):
            words = f"Flavor with ID {given['id']} already exists."
            return 409, {"conflictingRequest": {"code": 409, "message": words}}
        own = {"swap": "", "OS-FLV-EXT-DATA:ephemeral": 0, "extra_specs": {}}
        self.flavors.append({**own, **given})
        return 200, {}

    def _new_image(self, call: Call) -> tuple[int, Row]:
        own = {"id": self._id(), "owner": ADMIN_PROJECT, "status": "queued"}
        self.images.append({**own, **call.body, "os_hash_algo": None, "os_hash_value": None})
        return 201, {}

    def _image(self, id_: str) -> Row:
        return next(it for it in self.images if it["id"] == id_)

    def _upload(self, call: Call, id_: str) -> tuple[int, Row]:
        image = self._image(id_)
        assert (image["status"], call.file) == ("queued", layout.GUEST_IMAGE)
        image["status"] = self.upload_ends
        if self.upload_ends == "active":
            image.update(os_hash_algo="sha256", os_hash_value=GUEST_SHA256)
        return 204, {}

    def _patch_image(self, call: Call, id_: str) -> tuple[int, Row]:
        assert dict(call.headers)["Content-Type"] == "application/openstack-images-v2.1-json-patch"
        for change in call.body:
            assert change["op"] == "replace"
            self._image(id_)[change["path"].removeprefix("/")] = change["value"]
        return 200, {}

    def _reactivate(self, _: Call, id_: str) -> tuple[int, Row]:
        self._image(id_)["status"] = "active"
        return 204, {}


def _body(cloud: FakeCloud, kind: str) -> Row:
    return {kind: [dict(it) for it in getattr(cloud, kind)]}


def _set(quota: Row, call: Call) -> tuple[int, Row]:
    given = call.body["quota_class_set"]
    assert given.keys() <= quota.keys()
    quota.update(given)
    return 200, {}


def _filtered(body: Row, wanted: dict[str, str]) -> Row:
    """A list as a filter leaves it. Neutron's and Keystone's filters are equality."""
    if "name" not in wanted:
        return body
    return {kind: [it for it in rows if it["name"] == wanted["name"]] for kind, rows in body.items()}

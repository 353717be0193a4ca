"""What every project finds in the cloud, made by the platform: networks, flavors, images, quotas. Pure.

`look` says which calls show it, `records` reads their answers; `calls` says what to send next, and is asked
again after that, until it says nothing. Each part has a module of its own, and a field that a plan compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud import check_access, default_flavors, default_image, default_network, default_quota
from piston_iac.plan.cloud.api_call import ADMIN_PROJECT, OK, Answer, Call
from piston_iac.plan.cloud.default_flavors import WantedFlavor
from piston_iac.plan.cloud.default_network import WantedNetwork

Fields = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]
_FIRST_BROKEN = 500
# Where the name is not that of what the answer holds.
_KEYS = {
    "admin_projects": "projects",
    "check_projects": "projects",
    "compute_quota": "quota_class_set",
    "volume_quota": "quota_class_set",
}
_SERVICES = {
    layout.KEYSTONE_PORT: "Keystone",
    layout.NEUTRON_PORT: "Neutron",
    layout.NOVA_PORT: "Nova",
    layout.CINDER_PORT: "Cinder",
    layout.GLANCE_PORT: "Glance",
}


@dataclass(frozen=True)
class WantedDefaults:
    """`admin`: user name of the administrator; `flavors` by name; `quota`: limits by name, -1 for none.

    `image_sha256`: of the file that the image is made of, hexadecimal; empty: not known.
    """

    admin: str
    network: WantedNetwork
    flavors: Mapping[str, WantedFlavor]
    image_sha256: str
    quota: Mapping[str, int]


@dataclass(frozen=True)
class Records:
    """What the services tell, as they give it. None: that service's API does not work."""

    admin_projects: Rows | None
    check_projects: Rows | None
    users: Rows | None
    roles: Rows | None
    role_assignments: Rows | None
    networks: Rows | None
    subnets: Rows | None
    security_groups: Rows | None
    flavors: Rows | None
    compute_quota: Mapping[str, Any] | None
    volume_quota: Mapping[str, Any] | None
    images: Rows | None


def look(admin: str) -> tuple[Call, ...]:
    """The calls whose answers are `Records`, one for each of its fields. `admin`: user name."""
    keystone = (
        f"/v3/projects?domain_id=default&name={ADMIN_PROJECT}",
        f"/v3/projects?domain_id=default&name={check_access.NAME}",
        f"/v3/users?domain_id=default&name={quote(admin, safe='')}",
        "/v3/roles",
        "/v3/role_assignments",
    )
    return (
        *(Call("GET", path) for path in keystone),
        *default_network.LOOK,
        check_access.LOOK,
        default_flavors.LOOK,
        default_quota.COMPUTE_LOOK,
        default_quota.VOLUME_LOOK,
        default_image.LOOK,
    )


def records(asked: Sequence[Call], answers: Sequence[Answer]) -> Records:
    """Read the answers to `look`.

    Raises:
        ValueError: one of the services refuses to tell.
    """
    found: list[Any] = []
    for call, answer, field in zip(asked, answers, fields(Records), strict=True):
        if answer.code == OK:
            found.append(answer.body.get(_KEYS.get(field.name, field.name)))
        elif answer.code == 0 or answer.code >= _FIRST_BROKEN:
            found.append(None)
        else:
            raise ValueError(f"{_SERVICES[call.port]} refuses {call.path}: {answer.reason()}")
    return Records(*found)


def silent(asked: Sequence[Call], seen: Records) -> tuple[str, ...]:
    """The services whose APIs do not work."""
    pairs = zip(asked, fields(Records), strict=True)
    names = (_SERVICES[call.port] for call, field in pairs if getattr(seen, field.name) is None)
    return tuple(dict.fromkeys(names))


def wanted_fields(wanted: WantedDefaults) -> Fields:
    """The compared fields as they are to be."""
    return {
        "publicNetwork": default_network.wanted_field(wanted.network),
        "flavors": default_flavors.wanted_field(wanted.flavors),
        "images": default_image.wanted_field(wanted.image_sha256),
        "quota": dict(wanted.quota),
        "checkAccess": check_access.wanted_field(),
    }


def seen_fields(wanted: WantedDefaults, seen: Records) -> Fields:
    """The compared fields as they are. Those of a service that does not work are left out: its own resource
    tells that.
    """
    found: Fields = {}
    admin = _id_of(seen.admin_projects, ADMIN_PROJECT)
    if network := _network(wanted, seen):
        found["publicNetwork"] = network.seen_field()
    if seen.flavors is not None:
        found["flavors"] = default_flavors.seen_field(wanted.flavors, seen.flavors)
    if seen.images is not None and seen.admin_projects is not None:
        found["images"] = default_image.seen_field(wanted.image_sha256, seen.images, admin)
    if seen.compute_quota is not None and seen.volume_quota is not None:
        found["quota"] = default_quota.seen_field(seen.compute_quota, seen.volume_quota)
    if access := _access(wanted, seen):
        found["checkAccess"] = access.seen_field()
    return found


def calls(wanted: WantedDefaults, seen: Records) -> dict[str, list[Call]]:
    """What to send now, by field; of services that work. None of it waits for another field's."""
    found: dict[str, list[Call]] = {}
    admin = _id_of(seen.admin_projects, ADMIN_PROJECT)
    if network := _network(wanted, seen):
        found["publicNetwork"] = network.calls()
    if seen.flavors is not None:
        found["flavors"] = default_flavors.calls(wanted.flavors, seen.flavors)
    if seen.compute_quota is not None and seen.volume_quota is not None:
        found["quota"] = default_quota.calls(wanted.quota, seen.compute_quota, seen.volume_quota)
    if access := _access(wanted, seen):
        found["checkAccess"] = access.calls()
    # Last: it takes longest.
    if seen.images is not None and seen.admin_projects is not None:
        found["images"] = default_image.calls(wanted.image_sha256, seen.images, admin)
    return {name: parts for name, parts in found.items() if parts}


def _network(wanted: WantedDefaults, seen: Records) -> default_network.PublicNetwork | None:
    if seen.networks is None or seen.subnets is None or seen.admin_projects is None:
        return None
    admin = _id_of(seen.admin_projects, ADMIN_PROJECT)
    return default_network.PublicNetwork.among(wanted.network, admin, seen.networks, seen.subnets)


def _access(wanted: WantedDefaults, seen: Records) -> check_access.CheckAccess | None:
    parts = (seen.check_projects, seen.users, seen.roles, seen.role_assignments, seen.security_groups)
    projects, users, roles, assignments, groups = parts
    if projects is None or users is None or roles is None or assignments is None or groups is None:
        return None
    user = _id_of(users, wanted.admin)
    return check_access.CheckAccess.among(user, projects, roles, assignments, groups)


def _id_of(rows: Rows | None, name: str) -> str:
    """Empty where there is none of that name."""
    return next((str(it["id"]) for it in rows or () if it["name"] == name), "")

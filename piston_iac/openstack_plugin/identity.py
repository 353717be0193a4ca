"""Identity: projects, and who has which role in them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.openstack_plugin.cloud import Cloud, CloudError
from piston_iac.openstack_plugin.kinds import Collection, Kind, Made, Values


@dataclass(frozen=True)
class _Project(Collection):
    """A project."""

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """DELETE. Neutron gave it a security group by itself, and would keep that for ever."""
        super().remove(cloud, known_id, state, deadline)
        of_it = {"project_id": known_id, "name": "default"}
        for group in cloud.call("network", "GET", "/security-groups", query=of_it)["security_groups"]:
            cloud.call("network", "DELETE", f"/security-groups/{group['id']}")


_PROJECT = _Project(
    official="openstack:identity/project:Project",
    title="project",
    service="identity",
    path="/projects",
    key="project",
    update_method="PATCH",
    updates=("name", "description", "enabled", "tags"),
    renews=("domainId", "parentId", "isDomain"),
)


@dataclass(frozen=True)
class _RoleAssignment(Kind):
    """A role of a user or group in a project or domain. Its id is the official one: five ids, `/` between."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """PUT."""
        ids = [str(want.get(name, "")) for name in _PARTS]
        cloud.call("identity", "PUT", _path(ids))
        return Made("/".join(ids))

    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """HEAD would do, and gives no reason when it is refused."""
        ids = known_id.split("/")
        if cloud.look("identity", _path(ids)) is None:
            return None
        return {name: value or None for name, value in zip(_PARTS, ids, strict=True)}

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """Nothing can change in place."""

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """DELETE."""
        cloud.call("identity", "DELETE", _path(known_id.split("/")))


_PARTS = ("domainId", "projectId", "groupId", "userId", "roleId")


def _path(ids: list[str]) -> str:
    if len(ids) != len(_PARTS):
        form = "/".join(_PARTS)
        raise CloudError(f"{'/'.join(ids)} is no id of a role assignment", f"It has the form {form}.")
    domain, project, group, user, role = ids
    if bool(domain) == bool(project) or bool(group) == bool(user):
        raise CloudError(
            "it needs either a project or a domain, and either a user or a group",
            "Set projectId or domainId, and userId or groupId.",
        )
    scope = f"/projects/{project}" if project else f"/domains/{domain}"
    actor = f"/users/{user}" if user else f"/groups/{group}"
    return f"{scope}{actor}/roles/{role}"


KINDS: tuple[Kind, ...] = (
    _PROJECT,
    _RoleAssignment(
        official="openstack:identity/roleAssignment:RoleAssignment",
        title="role assignment",
        renews=_PARTS,
        required=("roleId",),
    ),
)

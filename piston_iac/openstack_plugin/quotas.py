"""Quotas: what a project may use of a service. They always exist; one removed is the service's own again."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.openstack_plugin.cloud import NOT_FOUND, Cloud, CloudError
from piston_iac.openstack_plugin.kinds import Kind, Made, Values, from_api, snake

_NO_PROJECT = (400, NOT_FOUND)  # nova says 400 of a project that does not exist


@dataclass(frozen=True)
class _Quota(Kind):
    """The quota of one project at one service. Its id is the official one: project, `/`, region."""

    service: str = ""
    path: str = ""
    key: str = ""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """PUT: it exists already."""
        project = str(want["projectId"])
        self._put(cloud, project, want)
        return Made(f"{project}/{cloud.region}")

    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """GET. A project that is gone has no quota."""
        project = known_id.partition("/")[0]
        try:
            answer = cloud.call(self.service, "GET", f"{self.path}/{project}")[self.key]
        except CloudError as error:
            if error.status in _NO_PROJECT:
                return None
            raise
        return {n: from_api(answer[snake(n)]) for n in self.updates if snake(n) in answer} | {
            "projectId": project
        }

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """PUT what is different; what is set no longer stays as it is."""
        self._put(cloud, known_id.partition("/")[0], {n: want[n] for n in changed if n in want})

    def delete(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """There is nothing to wait for: a project always has a quota."""
        self.remove(cloud, known_id, state, deadline)

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """DELETE: the service's own is in force again."""
        try:
            cloud.call(self.service, "DELETE", f"{self.path}/{known_id.partition('/')[0]}")
        except CloudError as error:
            if error.status not in _NO_PROJECT:
                raise

    def _put(self, cloud: Cloud, project: str, want: Values) -> None:
        fields = {snake(n): value for n, value in want.items() if n != "projectId"}
        cloud.call(self.service, "PUT", f"{self.path}/{project}", {self.key: fields})


def quota(official: str, title: str, service: str, path: str, key: str, *names: str) -> Kind:
    """A kind of quota with these limits."""
    return _Quota(
        official=official,
        title=title,
        updates=names,
        renews=("projectId",),
        required=("projectId",),
        service=service,
        path=path,
        key=key,
    )

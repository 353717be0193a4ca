"""What a type of resource is: its properties as data, and how the cloud is asked for it.

A `Collection` is the common case: a list in a REST API whose entries are made by POST, read by GET,
changed by PUT and removed by DELETE. Modules of services list their kinds; where one is special, it
overrides the step in which it is.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.openstack_plugin.cloud import CONFLICT, NOT_FOUND, Cloud, CloudError, wait_until

Values = Mapping[str, Any]
_TIMEOUT_S = 600.0  # the official plugin's, for most types


@dataclass(frozen=True)
class Made:
    """A resource that now exists, though it may not be usable yet.

    Args:
        id: as the engine keeps it.
        outs: what is told only once.
    """

    id: str
    outs: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Kind(ABC):
    """One type of resource.

    Args:
        official: the official token of the type.
        title: what errors call it.
        updates: properties that are changed in place.
        renews: properties whose change makes a new resource.
        required: properties without which there is none.
        computed: properties that only the cloud knows.
        secrets: properties that are secret whatever the program says.
        defaults: what a property is where the program says nothing.
        fields: the API's name of a property where that is not its own in snake case.
    """

    official: str
    title: str
    updates: tuple[str, ...] = ()
    renews: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    defaults: Values = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = _TIMEOUT_S

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every property that a program may set."""
        return (*self.updates, *self.renews)

    @abstractmethod
    def create(self, cloud: Cloud, want: Values) -> Made:
        """Make it; return as soon as it has an id."""

    def finish(  # noqa: B027 - most kinds can be used as soon as they are made
        self, cloud: Cloud, made_id: str, want: Values, deadline: Deadline
    ) -> None:
        """Whatever is left until it can be used."""

    @abstractmethod
    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """Every property that the cloud tells, None where it has none; None when it is gone."""

    @abstractmethod
    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """Change these properties in place."""

    @abstractmethod
    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """Ask for it to go."""

    def delete(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """Make it go, and wait until it is gone. What still uses it may be on its way out itself."""

        def removed() -> CloudError | None:
            try:
                self.remove(cloud, known_id, state, deadline)
            except CloudError as error:
                if error.status == CONFLICT:
                    return error
                if error.status != NOT_FOUND:
                    raise
            return None

        def conflict_ends(refusal: CloudError | None) -> bool:
            if refusal is not None and patience.over():
                raise refusal
            return refusal is None

        patience = deadline.within(_CONFLICT_S)
        wait_until(removed, conflict_ends, deadline, "nothing uses it any more", "")
        wait_until(
            lambda: self.read(cloud, known_id, state),
            lambda seen: seen is None,
            deadline,
            f"the {self.title} is gone",
            "See why the cloud does not let it go, then run it again.",
        )


_CONFLICT_S = 180.0


@dataclass(frozen=True)
class Collection(Kind):
    """Entries of one list of an API.

    Args:
        service: as `Cloud.call` has it.
        path: of the list.
        key: what wraps an entry in requests and answers.
        update_method: PUT, or PATCH where the API has it so.
        microversion: of the requests; None: the API's first.
    """

    service: str = ""
    path: str = ""
    key: str = ""
    update_method: str = "PUT"
    microversion: str | None = None

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST."""
        body = {self.key: self.body(cloud, want)}
        answer = cloud.call(self.service, "POST", self.path, body, microversion=self.microversion)
        return Made(str(answer[self.key]["id"]))

    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """GET."""
        answer = self._look(cloud, known_id)
        if answer is None:
            return None
        try:
            return self.seen(cloud, answer[self.key], state)
        except CloudError as error:
            # More is asked of some kinds, and it may go meanwhile.
            if error.status == NOT_FOUND and self._look(cloud, known_id) is None:
                return None
            raise

    def _look(self, cloud: Cloud, known_id: str) -> dict[str, Any] | None:
        return cloud.look(self.service, f"{self.path}/{known_id}", microversion=self.microversion)

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """PUT what is different."""
        wanted = {name: want[name] if name in want else emptied(old.get(name)) for name in changed}
        fields = {k: v for k, v in self.body(cloud, wanted).items() if v is not None}
        if fields:
            path = f"{self.path}/{known_id}"
            cloud.call(
                self.service, self.update_method, path, {self.key: fields}, microversion=self.microversion
            )

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """DELETE."""
        cloud.call(self.service, "DELETE", f"{self.path}/{known_id}", microversion=self.microversion)

    def body(self, cloud: Cloud, want: Values) -> dict[str, Any]:
        """Wanted properties as fields of the API."""
        return {self.field(name): to_api(value) for name, value in want.items()}

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """Fields of the API as properties."""
        names = (*self.inputs, *self.computed)
        return {n: from_api(entry[self.field(n)]) for n in names if self.field(n) in entry}

    def field(self, name: str) -> str:
        """The API's name of a property."""
        return self.fields.get(name) or snake(name)


def snake(name: str) -> str:
    """`adminStateUp` -> `admin_state_up`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    """`admin_state_up` -> `adminStateUp`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def to_api(value: Any) -> Any:
    """A property's value as the API takes it: keys of a list's entries in snake case."""
    if isinstance(value, list):
        return [{snake(k): v for k, v in it.items()} if isinstance(it, Mapping) else it for it in value]
    return value


def from_api(value: Any) -> Any:
    """A field's value as the SDK has it."""
    if isinstance(value, list):
        return [{camel(k): v for k, v in it.items()} if isinstance(it, Mapping) else it for it in value]
    return value


def emptied(old: Any) -> Any:
    """What a property becomes that the program sets no longer; None: it stays."""
    return type(old)() if isinstance(old, str | list | dict) else None

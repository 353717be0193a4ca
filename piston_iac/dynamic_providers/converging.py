"""The pattern of every resource: observe, decide, apply, observe again.

- create is converge: it adopts what is right already and changes only the rest.
- read is the truth and never raises: what cannot be read keeps its last value, and the field `fault`
  says why. `fault` is wanted empty, so a fault is always one line of the plan.
- An attempt that fails half-way leaves the resource in the state as half-made; the next run goes on.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from pulumi import Output
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.shown import shown_changes
from piston_iac.errors import (
    AccessRefused,
    DeviceRefused,
    PistonError,
    TimedOut,
    Unreachable,
    WrongMachine,
)

Props = dict[str, Any]
_PROVIDER = "__provider"
_AGAIN_S, _LATE_S, _PATIENCE_S = 3.0, 30.0, 90.0


class Inputs(BaseModel):
    """What every resource is given. Keys are camelCase in the state.

    `timeout_s` bounds one look at the device, seconds.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    site: str
    fault: str = ""
    timeout_s: float = 8.0

    def props(self) -> Props:
        """As properties of a resource."""
        return self.model_dump(by_alias=True, mode="json")


@dataclass(frozen=True)
class Seen:
    """Reality: `fields` under the names of inputs, `outs` for what is only told."""

    fields: Props
    outs: Props = field(default_factory=dict)


I = TypeVar("I", bound=Inputs)  # noqa: E741 - reads best in signatures


class Converging(ResourceProvider, Generic[I]):
    """Base of all providers. Subclasses say how to observe, converge and remove.

    `model` is the class of the inputs; `secrets` the inputs that are never shown; `pinned` the outputs
    that first contact binds and that later attempts keep; `untold` the inputs whose change other inputs tell.
    """

    serialize_as_secret_always = False
    model: ClassVar[type[Inputs]]
    secrets: ClassVar[frozenset[str]] = frozenset()
    pinned: ClassVar[frozenset[str]] = frozenset()
    untold: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def sealed(cls, inputs: I) -> Props:
        """The inputs as properties of the resource, with the secret ones as secrets of the engine."""
        props = inputs.props()
        return {key: Output.secret(value) if key in cls.secrets else value for key, value in props.items()}

    # What a resource is made of ------------------------------------------------------------------

    @abstractmethod
    def observe(self, inputs: I, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """Look, touching nothing. `bound` holds outputs pinned at first contact.

        Raises:
            PistonError: it could not be read, or it is another machine.
        """

    def observe_alone(self, inputs: I, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The same just after it was converged, while others may still be made: of no more than itself."""
        return self.observe(inputs, bound, deadline)

    @abstractmethod
    def converge(self, inputs: I, bound: Mapping[str, Any]) -> None:
        """Change what is not as wanted. Repeatable."""

    @abstractmethod
    def remove(self, inputs: I) -> None:
        """Give the device back without harm to others or to data."""

    @abstractmethod
    def name(self, inputs: I) -> str:
        """The name within the site. The id is `site/name`, whatever hardware stands behind it."""

    def outlook(self, inputs: I, deadline: Deadline) -> list[str]:
        """Lines that a preview of create adds: what would be adopted, made or destroyed.

        Raises:
            UnsafeChange: create would refuse; the preview says so already.
        """
        return []

    def impossible(self, olds: Props, news: Props) -> list[CheckFailure]:
        """Why sound inputs cannot follow on those before; none when they can."""
        return []

    def lost_node(self, inputs: I) -> str:
        """The node that does not become ready in this run when this resource fails; empty for none."""
        return ""

    # What the engine calls -----------------------------------------------------------------------

    def check(self, olds: Props, news: Props) -> CheckResult:
        """Every fault of the inputs at once."""
        try:
            self.model.model_validate(_public(news))
        except ValidationError as error:
            failures = [
                CheckFailure(".".join(str(part) for part in fault["loc"]), fault["msg"])
                for fault in error.errors(include_input=False, include_url=False)
            ]
            return CheckResult(news, failures)
        return CheckResult(news, self.impossible(olds, news))

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Field by field. Never a replace: hardware is kept, whatever changes about it."""
        lines = shown_changes(_public(olds), _public(news), self.secrets)
        for line in lines:
            field = line.partition(":")[0].partition(".")[0]
            if field not in self.untold:
                runtime.difference(line)
        return DiffResult(changes=bool(lines), replaces=[], delete_before_replace=False)

    def create(self, props: Props) -> CreateResult:
        """Converge and adopt."""
        inputs = self._parse(props)
        id_ = f"{inputs.site}/{self.name(inputs)}"
        return CreateResult(id_, self._converged(id_, inputs, props, {}))

    def preview_create(self, props: Props) -> Props:
        """Look before the leap, touching nothing; what can be known is known in the plan."""
        inputs = self._parse(props)
        for line in self.outlook(inputs, self._look(inputs)):
            runtime.info_once(line)
        return props

    def read(self, id_: str, props: Props) -> ReadResult:
        """Reality, as outputs and as inputs."""
        inputs = self._parse(props)
        outs = {**props, "fault": ""}
        try:
            seen = self.observe(inputs, props, self._look(inputs))
            outs |= {**seen.fields, **seen.outs, **self._kept(props)}
        except PistonError as error:
            outs["fault"] = fault_of(error)
        names = self._input_names()
        return ReadResult(id_, outs, {key: value for key, value in outs.items() if key in names})

    def update(self, id_: str, olds: Props, news: Props) -> UpdateResult:
        """Converge in place."""
        return UpdateResult(self._converged(id_, self._parse(news), news, olds))

    def delete(self, _id: str, props: Props) -> None:
        """Remove safely."""
        self.remove(self._parse(props))

    # Shared pieces -------------------------------------------------------------------------------

    def _parse(self, props: Mapping[str, Any]) -> I:
        """The inputs among the properties; a state carries outputs beside them."""
        names = self._input_names()
        known = {key: value for key, value in props.items() if key in names}
        return self.model.model_validate(known)  # type: ignore[return-value]

    def _input_names(self) -> frozenset[str]:
        return frozenset(entry.alias or name for name, entry in self.model.model_fields.items())

    def _look(self, inputs: Inputs) -> Deadline:
        return Deadline.after(inputs.timeout_s, runtime.CANCELLED)

    def _converged(self, id_: str, inputs: I, props: Props, bound: Mapping[str, Any]) -> Props:
        kept = self._kept(bound)
        try:
            self.converge(inputs, bound)
            seen = self._seen_after(inputs, bound)
        except PistonError as error:
            if node := self.lost_node(inputs):
                runtime.give_up(node)
            outs = {**_public(props), **kept, "fault": fault_of(error)}
            raise runtime.HalfMade(id_, outs, [str(error)]) from error
        return {**_public(props), **seen.fields, **seen.outs, **kept}

    def _seen_after(self, inputs: I, bound: Mapping[str, Any]) -> Seen:
        """What converging ended with. What was just changed may not answer at once, or in time while all else
        of the site starts: it is asked anew for a while, and given longer than by a plan, for a look that is
        cut off each time would never end.
        """
        patience = Deadline.after(_PATIENCE_S, runtime.CANCELLED)
        look = self._look(inputs)
        while True:
            try:
                return self.observe_alone(inputs, bound, look)
            except (DeviceRefused, Unreachable, TimedOut):
                if patience.over():
                    raise
                patience.pause(_AGAIN_S)
            look = Deadline.after(max(inputs.timeout_s, _LATE_S), runtime.CANCELLED)

    def _kept(self, bound: Mapping[str, Any]) -> Props:
        """What first contact bound: it stays, whatever is seen later."""
        return {key: bound[key] for key in self.pinned if bound.get(key)}


def fault_of(error: PistonError) -> str:
    """The short form of an error that a plan shows as the field `fault`."""
    kind = {Unreachable: "unreachable", AccessRefused: "refused", WrongMachine: "wrong machine"}
    return f"{kind.get(type(error), 'fault')}: {error.device}: {error.cause}"


def _public(props: Mapping[str, Any]) -> Props:
    return {key: value for key, value in props.items() if key != _PROVIDER}

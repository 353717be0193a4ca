"""What a provider may use of the host it runs in: cancel, warnings, progress, half-made results.

Everything here also works where there is no host of ours (the stock host, unit tests): warnings and
progress then go nowhere, nothing is ever cancelled, and the stack configuration is empty.

A provider class is a plain `pulumi.dynamic.ResourceProvider`. On our host it may also have:

- `preview_create(props) -> dict` and `preview_update(id, olds, news) -> dict`: outputs that are known
  before anything is done. `preview_create` may give `id` too. Inputs that nobody knows yet are
  `pulumi.output.Unknown`. A raised error stops the plan, so it is the place to refuse. Without these
  methods the inputs are echoed.
- `secret_properties`: names of top-level properties that are secret even on import, when there are no
  inputs yet to say so.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

CANCELLED = threading.Event()
"""Set when the run must end early. Every wait of a provider watches it (pass it to `Deadline.after`)."""


@dataclass
class HalfMade(Exception):
    """The resource exists but is not yet what it should be. Raised by create, update and read.

    The engine keeps it in the state with `outs`, prints `reasons`, and calls `update` in the next run.

    Args:
        id: the resource's id.
        outs: outputs known so far. Inputs that are not in here are added by the host.
        reasons: why it is not finished, one line each.
        inputs: what is really there, for read only; None keeps the inputs of the state.
    """

    id: str
    outs: dict[str, Any]
    reasons: list[str]
    inputs: dict[str, Any] | None = None

    def __str__(self) -> str:
        return "; ".join(self.reasons)


class Sink(Protocol):
    """Where warnings and progress go: the host's connection to the engine."""

    def warn(self, urn: str, text: str) -> None:
        """Show a warning on a resource."""

    def info(self, urn: str, text: str) -> None:
        """Show a line on a resource, to stay."""

    def status(self, urn: str, text: str) -> None:
        """Show what a resource waits for right now."""


_urn: ContextVar[str] = ContextVar("urn", default="")
_sink: Sink | None = None
_stack_config: dict[str, Any] = {}
_providers: dict[str, type[Any]] = {}
_said: set[tuple[str, str]] = set()
_read_back: set[str] = set()
_given_up: set[str] = set()
_turns_stopped: list[str] = []


def warn(text: str) -> None:
    """Show a warning on the resource whose operation calls this."""
    if _sink is not None:
        _sink.warn(_urn.get(), text)


def difference(text: str) -> None:
    """Show a line of a difference between what is and what the program wants, once in a run.

    The engine also asks when it refreshes, and then for the difference between what is and what it had in its
    state: of what has mended itself since, that would be shown the wrong way round. So nothing is shown of a
    resource that was read until the program has declared it.
    """
    if _urn.get() not in _read_back:
        info_once(text)


def info_once(text: str) -> None:
    """Show a line on the resource whose operation calls this, once in a run."""
    said = (_urn.get(), text)
    if _sink is not None and said not in _said:
        _said.add(said)
        _sink.info(*said)


def of_the_site(text: str) -> None:
    """Show a line that belongs to no resource but to the whole site, once in a run."""
    said = ("", text)
    if _sink is not None and said not in _said:
        _said.add(said)
        _sink.info(*said)


def info_status(text: str) -> None:
    """Show what the running operation waits for. The next status replaces it."""
    if _sink is not None:
        _sink.status(_urn.get(), text)


def give_up(node: str) -> None:
    """Say that a node will not become ready in this run, so that nobody else waits for it."""
    _given_up.add(node)


def given_up() -> frozenset[str]:
    """The nodes that will not become ready in this run."""
    return frozenset(_given_up)


def stop_turns(cause: str) -> None:
    """Say that a change in its turn went wrong: nobody else gets one in this run."""
    _turns_stopped.append(cause)


def turns_stopped() -> str:
    """The first change that went wrong; empty while none did."""
    return _turns_stopped[0] if _turns_stopped else ""


def stack_config() -> dict[str, Any]:
    """The stack's whole configuration, decrypted, as a copy: `{"project:key": value}`."""
    return copy.deepcopy(_stack_config)


def register(type_name: str, provider_class: type[Any]) -> None:
    """Say which provider serves a resource type, so that it can be imported.

    Args:
        type_name: last part of the type token: `SwitchPort` of `pulumi-python:dynamic/piston:SwitchPort`.
        provider_class: a `pulumi.dynamic.ResourceProvider` without constructor arguments.
    """
    _providers[type_name] = provider_class


def registered(type_name: str) -> type[Any] | None:
    """The provider class of a resource type, or None."""
    return _providers.get(type_name)


def was_read() -> None:
    """Called by the host: the engine refreshes the resource of this operation."""
    _read_back.add(_urn.get())


def was_declared() -> None:
    """Called by the host: the program has said what it wants of the resource of this operation."""
    _read_back.discard(_urn.get())


def attach(sink: Sink) -> None:
    """Called by the host at start: send warnings and progress there."""
    global _sink
    _sink = sink


def keep_stack_config(values: Mapping[str, Any]) -> None:
    """Called by the host when the engine configures it."""
    _stack_config.clear()
    _stack_config.update(values)


@contextmanager
def operation(urn: str) -> Iterator[None]:
    """Called by the host around each operation: what is said inside belongs to this resource."""
    token = _urn.set(urn)
    try:
        yield
    finally:
        _urn.reset(token)

"""What every operation of a plugin shares: its secrets are learned, its failure becomes one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import grpc
from pulumi.runtime.proto import provider_pb2

from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.host import errors, redact
from piston_iac.dynamic_providers.host.codec import Bag
from piston_iac.dynamic_providers.host.diff import Kind, top_level
from piston_iac.dynamic_providers.host.errors import Kept
from piston_iac.dynamic_providers.host.watch import Work

HALF_MADE_KEY = "__half_made"
"""Output that marks a half-made resource. Without it a successful read would end that state unrepaired
(observed with `refresh: always`: the engine forgets why creation failed when a read succeeds)."""

_Answer = TypeVar("_Answer")

_KINDS = {
    Kind.ADD: (provider_pb2.PropertyDiff.ADD, provider_pb2.PropertyDiff.ADD_REPLACE),
    Kind.DELETE: (provider_pb2.PropertyDiff.DELETE, provider_pb2.PropertyDiff.DELETE_REPLACE),
    Kind.UPDATE: (provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.UPDATE_REPLACE),
}


def run(
    work: Work,
    urn: str,
    context: grpc.ServicerContext,
    bags: list[Bag],
    act: Callable[[], _Answer | Kept],
) -> _Answer:
    """Run one operation and turn its failure into what the engine shows.

    Args:
        work: counts it while it runs.
        bags: everything it was given; their secrets are never shown from now on.
    """
    for bag in bags:
        redact.learn(bag.secrets())
    with work.running(), runtime.operation(urn):
        answer = _attempt(act)
        if isinstance(answer, Exception):
            errors.refuse(context, answer, urn)
        if isinstance(answer, Kept):
            errors.keep(context, answer)
        return answer


def detailed(found: Mapping[str, Kind], replaces: set[str]) -> dict[str, provider_pb2.PropertyDiff]:
    """Differences as the engine prints them; those below a property in `replaces` replace."""
    return {
        path: provider_pb2.PropertyDiff(kind=_KINDS[kind][top_level(path) in replaces], inputDiff=True)
        for path, kind in found.items()
    }


def _attempt(act: Callable[[], _Answer | Kept]) -> _Answer | Kept | Exception:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - the edge of the process: everything becomes one line
        return error

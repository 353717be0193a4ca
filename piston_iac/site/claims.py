"""Is a value claimed twice? The one question behind many rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from piston_iac.site.faults import Problem, Where, path_text


@dataclass(frozen=True)
class Claim:
    """A place in the site and the value it wants for itself."""

    path: Where
    value: Hashable


def repeated(claims: Iterable[Claim], fix: str) -> Iterator[Problem]:
    """A problem for each claim whose value an earlier one has."""
    first: dict[Hashable, Where] = {}
    for claim in claims:
        owner = first.setdefault(claim.value, claim.path)
        if owner != claim.path:
            yield Problem(claim.path, f"is {claim.value}, which {path_text(owner)} has already", fix)

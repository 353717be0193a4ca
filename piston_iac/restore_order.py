"""A restore of the databases, as the operator orders it and the control hosts keep it: plain data.

Standard library only: read by `cli` on the operator's side and by `node_programs` on nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A chain, and the moment, seconds since 1970, UTC: what was committed before it is restored."""

    chain: str
    at: int


@dataclass(frozen=True)
class Order:
    """A whole restore. `host`: where it begins; `stamp`: when it was ordered, names what is put aside."""

    chain: str
    at: int
    host: str
    stamp: str

    @property
    def target(self) -> Target:
        """What is restored."""
        return Target(self.chain, self.at)


def parse_target(raw: Mapping[str, Any]) -> Target:
    """Read one. KeyError, TypeError, ValueError: it does not fit."""
    chain = str(raw["chain"])
    if "/" in chain or not chain:
        raise ValueError("not the id of a chain")
    return Target(chain, int(raw["at"]))


def parse_order(raw: Mapping[str, Any]) -> Order:
    """Read one. KeyError, TypeError, ValueError: it does not fit."""
    target, stamp = parse_target(raw), str(raw["stamp"])
    if not stamp.isalnum():
        raise ValueError("not a stamp")
    return Order(target.chain, target.at, str(raw["host"]), stamp)

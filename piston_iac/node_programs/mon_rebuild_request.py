"""What the operator asks of `mon_rebuild install`, read once. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from piston_iac.node_programs.mon_store import Entity
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret


@dataclass(frozen=True)
class Install:
    """Where the mon is to be, of which cluster, and whom it lets in."""

    node: str
    fsid: str
    address: str
    entities: dict[str, Entity]


def parse_install(line: bytes) -> Install:
    """Read the operator's request.

    Raises:
        Fault: it does not fit.
    """
    try:
        raw = json.loads(line)
        entities = {str(name): _entity(entry) for name, entry in raw["entities"].items()}
        return Install(str(raw["node"]), str(raw["fsid"]), str(raw["address"]), entities)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # Only the kind: a value may be a key.
        raise Fault(f"the request does not fit this image ({type(error).__name__})") from None


def _entity(raw: dict[str, Any]) -> Entity:
    return Entity(Secret(str(raw["key"])), {str(daemon): str(caps) for daemon, caps in raw["caps"].items()})

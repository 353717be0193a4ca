"""What first contact bound, out of the stack's state: GUIDs of machines, the stamp of the cluster.

Without it another machine behind a known address would not be recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from piston_iac.dynamic_providers.converging import Props
from piston_iac.engine import ask_engine
from piston_iac.program.declared import Declared


def read_state(site: str, project: Path) -> dict[str, Any]:
    """The stack's state as the engine exports it; its secrets stay encrypted.

    Raises:
        SetupError: the engine could not read it.
    """
    return ask_engine(("stack", "export"), site, project, "read its state")


def bound_outputs(state: Mapping[str, Any], declared: Iterable[Declared]) -> dict[str, Props]:
    """The pinned outputs of each resource, by its name. Pure; of a stack without resources none."""
    resources = (state.get("deployment") or {}).get("resources") or []
    outputs = {str(it["urn"]).rpartition("::")[2]: it.get("outputs") or {} for it in resources}
    found: dict[str, Props] = {}
    for it in declared:
        outs = outputs.get(it.name, {})
        pinned = {key: outs[key] for key in it.provider.pinned if isinstance(outs.get(key), str)}
        if pinned:
            found[it.name] = pinned
    return found

"""What first contact bound, out of the stack's state: GUIDs of machines, the stamp of the cluster.

Without it another machine behind a known address would not be recognised.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from piston_iac.dynamic_providers.converging import Props
from piston_iac.errors import SetupError
from piston_iac.status.declared import Declared

# The engine starts in about a second; a large state takes a few more.
_LIMIT_S = 60


def read_state(site: str, project: Path) -> dict[str, Any]:
    """The stack's state as the engine exports it; its secrets stay encrypted.

    Raises:
        SetupError: the engine could not read it.
    """
    command = ["pulumi", "stack", "export", "--stack", site, "--non-interactive"]
    try:
        ended = subprocess.run(
            command, cwd=project, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise _failed(site, type(error).__name__) from None
    if ended.returncode:
        raise _failed(site, (ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1])
    try:
        state: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        raise _failed(site, "what the engine says of it is no JSON") from None
    return state


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


def _failed(site: str, cause: str) -> SetupError:
    return SetupError(f"stack {site}", "read its state", cause, "Run `. ./env.sh` and see `pulumi stack ls`.")

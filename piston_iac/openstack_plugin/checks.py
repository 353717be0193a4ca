"""Whether inputs can be served, before anything is asked of the cloud. Pure."""

from __future__ import annotations

from typing import Any

from piston_iac.openstack_plugin.kinds import Kind, Values
from piston_iac.openstack_plugin.known import remedy

_OF_THE_BRIDGE = "__defaults"  # the official plugin's mark in the state, where it was at work before


def completed(kind: Kind, news: Values, olds: Values, name: str, seed: bytes) -> dict[str, Any]:
    """Inputs with what the program left to the plugin: defaults, and a name that nobody else has.

    Args:
        olds: inputs of the last run; a name once made stays.
        name: of the resource in the program.
        seed: the engine's random bytes for it.
    """
    wanted = {**kind.defaults, **{k: v for k, v in news.items() if k != _OF_THE_BRIDGE}}
    if "name" in kind.inputs and not wanted.get("name"):
        wanted["name"] = olds.get("name") or f"{name}-{seed.hex()[:7]}"
    return wanted


def faults(kind: Kind, wanted: Values) -> dict[str, str]:
    """What cannot be served: property to reason."""
    found = {name: "is missing" for name in kind.required if name not in wanted}
    for name in wanted:
        if name not in kind.inputs:
            known = ", ".join(kind.inputs)
            cause = f"piston's stand-in for the openstack plugin knows of a {kind.title} only {known}"
            found[name] = f"{cause}. {remedy()}"
    return found

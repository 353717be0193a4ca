"""Every type and function that this stand-in knows, by its official token."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata

from piston_iac.errors import SetupError
from piston_iac.openstack_plugin import compute, identity, image, network, servers, volume
from piston_iac.openstack_plugin.functions import FUNCTIONS, Function
from piston_iac.openstack_plugin.kinds import Kind

KINDS: Mapping[str, Kind] = {
    kind.official: kind
    for module in (identity, compute, servers, network, volume, image)
    for kind in module.KINDS
}


def official_version() -> str:
    """The version of the SDK whose types these are."""
    return metadata.version("pulumi-openstack")


def remedy() -> str:
    """How to get what this stand-in has not."""
    return (
        "The official plugin knows all of it, where the internet can be reached: "
        f"`pulumi plugin install resource openstack {official_version()}`; bin/pulumi then uses that one."
    )


def kind_of(urn: str) -> Kind:
    """The kind of a resource.

    Raises:
        SetupError: this stand-in has no such type.
    """
    token = urn.split("::")[2].rpartition("$")[2]
    found = KINDS.get(token)
    if found is None:
        raise _unknown("type", token, KINDS)
    return found


def function_of(token: str) -> Function:
    """The function of a token.

    Raises:
        SetupError: this stand-in has no such function.
    """
    found = FUNCTIONS.get(token)
    if found is None:
        raise _unknown("function", token, FUNCTIONS)
    return found


def _unknown(what: str, token: str, known: Mapping[str, object]) -> SetupError:
    names = ", ".join(sorted(it.rpartition(":")[2] for it in known))
    cause = f"piston's stand-in for the openstack plugin knows {what}s {names}, and no other"
    return SetupError(f"{what} {token}", "serve it", cause, remedy())

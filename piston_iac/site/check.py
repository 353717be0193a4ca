"""Do these settings make a site? Shapes by pydantic, then rules; every problem at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from piston_iac.site.faults import Problem, Where
from piston_iac.site.rules import broken_rules
from piston_iac.site.schema import (
    BootNode,
    Ceph,
    Cloud,
    ControlPlane,
    Ipmi,
    Network,
    NetworkName,
    Node,
    Site,
    Switches,
)
from piston_iac.site.values import FROM_FILE
from piston_iac.site.wording import problem_of

_K = TypeVar("_K", bound=str)
_M = TypeVar("_M", bound=BaseModel)

# The sections that rules read whole; of networks and nodes they read what is sound.
_WHOLE: dict[str, tuple[str, type[BaseModel]]] = {
    "switches": ("switches", Switches),
    "boot_node": ("bootNode", BootNode),
    "ipmi": ("ipmi", Ipmi),
    "ceph": ("ceph", Ceph),
    "control_plane": ("controlPlane", ControlPlane),
    "cloud": ("cloud", Cloud),
}
# Sections with a default for every setting: left out, they still say something.
_OPTIONAL = frozenset({"ceph"})


def check(name: str, values: Mapping[str, object], from_file: bool) -> tuple[Site | None, list[Problem]]:
    """Make a site of plain data.

    Args:
        name: the site's name.
        values: top-level settings by camelCase name, as plain data.
        from_file: secrets are `Sealed` and become placeholders; a secret in clear text is a problem.
    Returns:
        The site and no problems, or None and all of them.
    """
    site: Site | None = None
    problems: list[Problem] = []
    bad: set[Where] = set()
    try:
        site = _validated(Site, {**values, "name": name}, from_file)
    except ValidationError as error:
        details = error.errors(include_url=False)
        bad = {detail["loc"] for detail in details}
        problems = [problem for problem in map(problem_of, details) if problem]
    # They may be left out, so pydantic takes nothing for a section that is not there.
    for alias in (it for it in ("controlPlane", "cloud") if it in values and values[it] is None):
        bad.add((alias,))
        problems.append(Problem((alias,), "is empty", "write {} to take its defaults, or remove it"))
    problems += broken_rules(_sound_sections(values, bad, from_file))
    return (None if problems else site), problems


def _validated(model: type[_M], data: object, from_file: bool) -> _M:
    # by_name off: inside Python a field may be given by its own name, in a stack file only in camelCase.
    return model.model_validate(data, context={FROM_FILE: from_file}, by_alias=True, by_name=False)


def _sound_sections(values: Mapping[str, object], bad: set[Where], from_file: bool) -> dict[str, object]:
    """What rules read, without the parts that an error lies in."""
    sections: dict[str, object] = {
        name: _validated(model, values.get(alias, {}), from_file)
        for name, (alias, model) in _WHOLE.items()
        if (alias in values or alias in _OPTIONAL) and not any(place[0] == alias for place in bad)
    }
    control_plane = sections.get("control_plane")
    if isinstance(control_plane, ControlPlane):
        sections["infrastructure_hosts"] = control_plane.infrastructure_hosts
    elif "controlPlane" not in values:
        sections["infrastructure_hosts"] = ()
    sections["declared"] = [*values]
    networks, nodes = values.get("networks"), values.get("nodes")
    if isinstance(networks, Mapping):
        known = {name: networks[name] for name in NetworkName if name in networks}
        sections["networks"] = _sound_members("networks", Network, known, bad, from_file)
    if isinstance(nodes, Mapping):
        sections["node_names"] = [*nodes]
        sections["nodes"] = _sound_members("nodes", Node, nodes, bad, from_file)
    return sections


def _sound_members(
    section: str, model: type[_M], members: Mapping[_K, object], bad: set[Where], from_file: bool
) -> dict[_K, _M]:
    spoiled = {place[:2] for place in bad}
    return {
        name: _validated(model, member, from_file)
        for name, member in members.items()
        if (section, name) not in spoiled
    }

"""What is different between old and new inputs, field by field. Pure.

The engine prints one line for each path it is given, with the old and the new value. Without this it
prints whole top-level properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from pulumi.output import Unknown

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class Kind(Enum):
    """What happens to a field."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Kind]:
    """Every path whose value differs, in the order of the new inputs.

    A value that is not known yet counts as an update. Names that begin with two underscores are the
    host's own and are left out.

    Args:
        old: inputs that the state holds (after a refresh: what is really there).
        new: inputs that the program wants.
    Returns:
        Path in the engine's syntax (`units["chrony.service"].active`, `ports[2]`) to kind.
    """
    old, new = ({k: v for k, v in side.items() if not k.startswith("__")} for side in (old, new))
    return dict(_maps(old, new, ""))


def top_level(path: str) -> str:
    """The property that a path lies in: `units` of `units["chrony.service"]`."""
    if path.startswith('["'):
        return re.split(r'(?<!\\)"\]', path[2:], maxsplit=1)[0].replace('\\"', '"')
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _maps(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[tuple[str, Kind]]:
    for key, value in new.items():
        below = _step(path, key)
        if key in old:
            yield from _values(old[key], value, below)
        else:
            yield below, Kind.ADD
    for key in sorted(old.keys() - new.keys()):
        yield _step(path, key), Kind.DELETE


def _lists(old: list[Any], new: list[Any], path: str) -> Iterator[tuple[str, Kind]]:
    shared = min(len(old), len(new))
    for index in range(shared):
        yield from _values(old[index], new[index], f"{path}[{index}]")
    for index in range(shared, len(new)):
        yield f"{path}[{index}]", Kind.ADD
    for index in range(shared, len(old)):
        yield f"{path}[{index}]", Kind.DELETE


def _values(old: Any, new: Any, path: str) -> Iterator[tuple[str, Kind]]:
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        yield path, Kind.UPDATE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _maps(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    elif isinstance(old, bool) != isinstance(new, bool) or old != new:  # True == 1 in Python
        yield path, Kind.UPDATE


def _step(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        escaped = key.replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key

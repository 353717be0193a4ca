"""A change, as the operator reads it: the field's path, the old value, the new value. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_HIDDEN = "[secret]"
_NOTHING = "(none)"


def shown_changes(old: Mapping[str, Any], new: Mapping[str, Any], secrets: frozenset[str]) -> list[str]:
    """One line a changed field, `units.chrony.service: inactive => active`. Secret values stay hidden.

    Only fields of `new` count: what a device tells beside them is not ours to change.
    """
    lines: list[str] = []
    for name in sorted(new):
        if name in secrets:
            if old.get(name) != new[name]:
                lines.append(f"{name}: {_HIDDEN} => {_HIDDEN}")
            continue
        for path, before, after in _differences(name, old.get(name), new[name]):
            lines.append(f"{path}: {_text(before)} => {_text(after)}")
    return lines


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    old, new = _by_name(old), _by_name(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
    elif old != new and not (_empty(old) and _empty(new)):
        yield path, old, new


def _by_name(value: Any) -> Any:
    """A list of named things is compared thing by thing, whatever their order."""
    if (
        isinstance(value, list | tuple)
        and value
        and all(isinstance(it, Mapping) and "name" in it for it in value)
    ):
        return {it["name"]: {key: it[key] for key in it if key != "name"} for it in value}
    return value


def _empty(value: Any) -> bool:
    """Not there, or there with nothing in it: the same to a device."""
    return value is None or value in ("", [], {})


def _text(value: Any) -> str:
    if value is None or value == "":
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return ", ".join(_text(entry) for entry in value) or _NOTHING
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(value[key])}" for key in sorted(value)) or _NOTHING
    return str(value)

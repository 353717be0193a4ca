"""What a program declared and what is there, in the same terms: a plan names only what differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.output import Unknown


def numbers(value: Any) -> Any:
    """Numbers as the APIs take them: the engine sends all of them as floats."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [numbers(item) for item in value]
    if isinstance(value, Mapping):
        return {key: numbers(item) for key, item in value.items()}
    return value


def seen_inputs(declared: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they really are; what the cloud does not tell is as declared."""
    found = {
        name: as_declared(value, seen[name]) if name in seen else value for name, value in declared.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def as_declared(declared: Any, seen: Any) -> Any:
    """What was seen; what was declared, where both say the same.

    Nothing and empty are the same. Lists have no order. An entry of a list says only what the program
    says of it: an address that was chosen by the cloud is no difference.
    """
    if isinstance(declared, Unknown) or (not declared and not seen and not isinstance(declared, bool)):
        return declared
    if isinstance(declared, bool) and seen is None and not declared:
        return declared
    if isinstance(declared, list) and isinstance(seen, list):
        return _lists(declared, seen)
    return seen


def _lists(declared: list[Any], seen: list[Any]) -> list[Any]:
    left = list(seen)
    for item in declared:
        match = next((it for it in left if _fits(item, it)), None)
        if match is None:
            break
        left.remove(match)
    else:
        if not left:
            return declared
    keys = {key for item in declared if isinstance(item, Mapping) for key in item}
    return [{k: v for k, v in it.items() if k in keys} if isinstance(it, Mapping) else it for it in seen]


def _fits(declared: Any, seen: Any) -> bool:
    if isinstance(declared, Mapping) and isinstance(seen, Mapping):
        return all(seen.get(key) == value for key, value in declared.items())
    return bool(declared == seen)

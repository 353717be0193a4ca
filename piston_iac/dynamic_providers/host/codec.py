"""How properties travel: protobuf structs of the engine to plain Python values and back.

Secrets are split off at the edge. A provider sees plain values; a `Mask` of the same shape says which
of them were secret, and what goes back to the engine is marked by that mask again. The rule is the
engine's own (`annotateSecrets`): in a map the same key stays secret, a list with one secret in it
becomes secret as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2
from pulumi.output import UNKNOWN, Unknown

# Fixed signatures of Pulumi's wire format (pulumi/runtime/rpc.py).
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a secret
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True)
class Mask:
    """Which parts of a value are secret: the whole of it, or some of a map's keys."""

    whole: bool = False
    keys: Mapping[str, Mask] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.whole or bool(self.keys)

    def __or__(self, other: Mask) -> Mask:
        """Secret where either is."""
        if self.whole or other.whole:
            return WHOLE
        names = {**self.keys, **other.keys}
        return Mask(keys={n: self.keys.get(n, NOTHING) | other.keys.get(n, NOTHING) for n in names})


def mask_of(names: Iterable[str]) -> Mask:
    """A mask in which these top-level properties are secret."""
    return Mask(keys=dict.fromkeys(names, WHOLE))


NOTHING = Mask()
WHOLE = Mask(whole=True)


@dataclass(frozen=True)
class Bag:
    """Properties of one resource as a provider sees them, and which of them are secret."""

    values: dict[str, Any]
    mask: Mask

    def secrets(self) -> set[str]:
        """Every text that must not be shown."""
        return set(_texts(self.values, self.mask))


def decode(struct: struct_pb2.Struct) -> Bag:
    """Read what the engine sent. Absent and null properties are left out; unknown ones are `Unknown`."""
    values, mask = _decode_map(struct)
    return Bag(values, mask)


def encode(values: Mapping[str, Any], mask: Mask) -> struct_pb2.Struct:
    """Write properties for the engine, marked secret by `mask`.

    Raises:
        TypeError: a value has no place in a property. Names the property, never its value.
    """
    return struct_pb2.Struct(
        fields={k: _encode(v, mask.keys.get(k, NOTHING), k) for k, v in values.items() if v is not None}
    )


def _decode(value: struct_pb2.Value) -> tuple[Any, Mask]:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
            return _decode(fields["value"])[0], WHOLE
        return _decode_map(value.struct_value)
    if kind == "list_value":
        items = [_decode(item) for item in value.list_value.values]
        return [item for item, _ in items], WHOLE if any(mask for _, mask in items) else NOTHING
    if kind == "string_value":
        return (UNKNOWN if value.string_value == _UNKNOWN_TEXT else value.string_value), NOTHING
    if kind == "number_value":
        return value.number_value, NOTHING
    if kind == "bool_value":
        return value.bool_value, NOTHING
    return None, NOTHING


def _decode_map(struct: struct_pb2.Struct) -> tuple[dict[str, Any], Mask]:
    values: dict[str, Any] = {}
    masks: dict[str, Mask] = {}
    for key, field_value in struct.fields.items():
        value, mask = _decode(field_value)
        if value is None:
            continue
        values[key] = value
        if mask:
            masks[key] = mask
    return values, Mask(keys=masks)


def _encode(value: Any, mask: Mask, path: str) -> struct_pb2.Value:
    if mask.whole or (mask and not isinstance(value, Mapping)):
        marked = struct_pb2.Struct(
            fields={
                _SIGNATURE: struct_pb2.Value(string_value=_SECRET),
                "value": _encode(value, NOTHING, path),
            }
        )
        return struct_pb2.Value(struct_value=marked)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, Unknown):
        return struct_pb2.Value(string_value=_UNKNOWN_TEXT)
    if isinstance(value, Mapping):
        fields = {str(k): _encode(v, mask.keys.get(k, NOTHING), f"{path}.{k}") for k, v in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if isinstance(value, list | tuple):
        items = [_encode(item, NOTHING, f"{path}[{i}]") for i, item in enumerate(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    raise TypeError(f"property {path} is a {type(value).__name__}, which the state cannot hold")


def _texts(value: Any, mask: Mask) -> Iterator[str]:
    if mask and isinstance(value, str):
        yield value
    elif mask and isinstance(value, list):
        for item in value:
            yield from _texts(item, WHOLE)
    elif mask and isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, WHOLE if mask.whole else mask.keys.get(key, NOTHING))

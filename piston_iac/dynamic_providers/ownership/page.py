"""The page that shows the ownership table: docs/observed.md. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from piston_iac.dynamic_providers.ownership import OWNERS
from piston_iac.dynamic_providers.ownership.beyond import BEYOND
from piston_iac.dynamic_providers.ownership.terms import Field, Given, Ownership, Seen, Told, Unseen

_HEAD = """\
# What is observed, and who owns it

Made by `python -m piston_iac.dynamic_providers.ownership` from the table in
`piston_iac/dynamic_providers/ownership/`. Change it there; tests hold it against the code
([decision 0003](decisions/0003-who-owns-which-fact.md) says why).

A preview reads every device first. What it reads back stands here, field by field under the name that a plan
shows; what it does not read, too. A clean preview says that all fields that are read back are as declared: no
more.
"""
_BEYOND = """\
What can be changed without a line in any plan. `pulumi up` does not repair these either, unless it says so.
"""
_BLIND = ("device", "change", "why it is not read", "what it means")


def page() -> str:
    """The whole page, Markdown."""
    sections = [
        _HEAD,
        f"## Who owns what\n\n{_table(('device', 'fact', 'owner'), _facts())}",
        *map(_resource, OWNERS),
        f"## What no plan can see\n\n{_BEYOND}\n{_table(_BLIND, _blind())}",
    ]
    return "\n".join(sections)


def _facts() -> Iterator[tuple[str, ...]]:
    for owner in OWNERS:
        for fact in owner.facts:
            yield fact.device, fact.thing, owner.resource


def _blind() -> Iterator[tuple[str, ...]]:
    for it in BEYOND:
        yield it.device, it.change, it.why, it.meaning


def _resource(owner: Ownership[Any]) -> str:
    seen = ((f"`{it.name}`", it.how, it.device, it.repair) for it in owner.fields if isinstance(it, Seen))
    heads = ("field", "read back", "from", "what `pulumi up` does")
    given = ", ".join(f"`{it.name}` ({it.use})" for it in owner.fields if isinstance(it, Given))
    pieces = [
        f"## {owner.resource}\n",
        _table(heads, seen),
        *_aside("Compared, and told by another field", owner.fields, Told),
        *_aside("Not read back", owner.fields, Unseen),
        f"Only used to reach it or to derive other things: {given}.\n",
    ]
    return "\n".join(pieces)


def _aside(title: str, fields: Iterable[Field], kind: type[Told] | type[Unseen]) -> list[str]:
    lines = [_line(field) for field in fields if isinstance(field, kind)]
    return [f"{title}:\n\n" + "".join(lines)] if lines else []


def _line(field: Told | Unseen) -> str:
    if isinstance(field, Told):
        return f"- `{field.name}`, by `{field.by}`: {field.how}.\n"
    return f"- `{field.name}`: {field.why}.\n"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)

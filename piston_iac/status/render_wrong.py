"""What is not as wanted, on a terminal: who cannot be seen, what differs, what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from piston_iac.status.model import Difference, Resource

_GOOD, _BAD, _DULL = "green", "bold red", "dim"
# A heading and an empty line before each of the two tables and before the advice.
_HEADINGS = 5


def render_wrong(rows: Sequence[Resource], room: int | None = None) -> list[RenderableType]:
    """Two tables and the advice; nothing when nothing is wrong.

    Args:
        rows: resources that are not as wanted.
        room: lines for all of it; None for no limit.
    """
    if not rows:
        return []
    faults, advice = _faults(rows), _advice(rows)
    differences = [(row.device, row.name, *cells) for row in rows for cells in _grouped(row.differences)]
    most = None if room is None else max(1, room - len(faults) - len(advice) - _HEADINGS)
    return [*_fault_table(faults), *_difference_table(differences, most), Text(), *advice]


def _fault_table(faults: Sequence[Resource]) -> list[RenderableType]:
    if not faults:
        return []
    table = Table("device", "fault", box=None, pad_edge=False, header_style=_DULL)
    for row in faults:
        table.add_row(row.blames or row.device, Text(row.reason, style=_BAD))
    return [Text(), table]


def _difference_table(
    differences: Sequence[tuple[str, str, str, str, str]], most: int | None
) -> list[RenderableType]:
    """Wanted and seen side by side."""
    if not differences:
        return []
    heads = ("device", "resource", "field", "seen", "wanted")
    table = Table(box=None, pad_edge=False, header_style=_DULL)
    for head in heads:
        # On a narrow screen a long word is broken and never cut: it is what the operator looks for.
        table.add_column(head, overflow="fold")
    for device, name, field, seen, wanted in differences[:most]:
        table.add_row(device, name, Text(field), Text(seen, style=_BAD), Text(wanted, style=_GOOD))
    left = len(differences) - len(differences[:most])
    more = [Text(f"and {left} more; `piston status --once` shows all", style=_DULL)] if left else []
    return [Text(), table, *more]


def _grouped(differences: Sequence[Difference]) -> list[tuple[str, str, str]]:
    """Field, seen, wanted; what is the same of several is one row: `mons.n1, n2, n3`."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for one in differences:
        top, _, below = one.field.partition(".")
        grouped.setdefault((top, one.seen, one.wanted), []).append(below)
    return [
        (f"{top}.{', '.join(names)}" if names[0] else top, seen, wanted)
        for (top, seen, wanted), names in grouped.items()
    ]


def _faults(rows: Sequence[Resource]) -> list[Resource]:
    """One for each device and reason: a dead switch is told once, however many ports it has.

    A node that cannot be seen because of its BMC is not told beside that BMC.
    """
    told = {row.device for row in rows if row.reason}
    found: dict[tuple[str, str], Resource] = {}
    for row in rows:
        blames = row.blames or row.device
        if row.reason and (blames == row.device or blames not in told):
            found.setdefault((blames, row.reason), row)
    return list(found.values())


def _advice(rows: Sequence[Resource]) -> list[Text]:
    """What the operator can do: each advice once, with the devices that it is for."""
    devices: dict[str, list[str]] = {}
    for row in _faults(rows):
        if row.remedy:
            devices.setdefault(row.remedy, []).append(row.blames or row.device)
    lines = [f"-> {', '.join(dict.fromkeys(those))}: {remedy}" for remedy, those in devices.items()]
    if any(row.differences for row in rows):
        lines.append("-> `pulumi up` repairs what differs.")
    return [Text(line) for line in lines]

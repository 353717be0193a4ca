"""`make bench`: prints the performance table and writes build/bench.json."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from piston_iac.bench import creates, lab, machines, storage

_OUT = Path("build/bench.json")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One line of the table. `bound` is what the figure must not pass; None where it is told only."""

    name: str
    what: str
    bound: float | None
    unit: str = "s"


ROWS = (
    Row("ours_s", "200 creates of 1 s, our host", 12),
    Row("ours_checkpoints_s", "the same with the engine's checkpoints", None),
    Row("stock_s", "the same on the stock host", None),
    Row("lab_cold_to_checked_s", "lab: nothing to a cloud that has checked itself, warm caches", 720),
    Row("second_up_s", "lab: second up, no change", None),
    Row("preview_median_s", "lab: preview, median of 5", 30),
    Row("idle_rack_bytes", "lab: idle rack of five nodes, with all of it", 14 * 1024**3, "bytes"),
    Row("rados_write_Bps", "rados: 4 MiB objects written, three copies", None, "bytes/s"),
    Row("rados_read_Bps", "rados: 4 MiB objects read", None, "bytes/s"),
    Row("rados_small_writes_ps", "rados: 4 KiB objects written", None, "/s"),
    Row("rbd_write_Bps", "rbd: 4 MiB at random written", None, "bytes/s"),
    Row("rbd_small_writes_ps", "rbd: 4 KiB at random written", None, "/s"),
    Row("bare_disk_write_Bps", "beside it: one node's local mirror written straight", None, "bytes/s"),
    *(
        row
        for name, what in machines.MEASURED.items()
        for row in (
            Row(f"machine_{name}_Bps", f"virtual machine: {what}", None, "bytes/s"),
            Row(f"machine_{name}_share", "  as a share of the bare node's", None, "%"),
        )
    ),
)


def _shown(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.0f} %"
    if unit.startswith("bytes"):
        return f"{value / _MIB:.0f} MiB{unit.removeprefix('bytes')}"
    return f"{value:.0f}{unit}" if unit == "/s" else f"{value:.1f} s"


def main() -> int:
    """Measure, print, write. 1 when a figure passes its bound."""
    console = Console()
    console.print("measuring; about twenty minutes")
    figures = {**creates.figures(), **lab.measure(), **storage.measure(), **machines.measure()}
    _OUT.parent.mkdir(exist_ok=True)
    _OUT.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    table = Table("what", "figure", "bound", "")
    for row in ROWS:
        bound = _shown(row.bound, row.unit) if row.bound else ""
        verdict = "" if row.bound is None else "ok" if figures[row.name] <= row.bound else "TOO MUCH"
        table.add_row(row.what, _shown(figures[row.name], row.unit), bound, verdict)
    console.print(table)
    return int(any(row.bound is not None and figures[row.name] > row.bound for row in ROWS))


if __name__ == "__main__":
    sys.exit(main())

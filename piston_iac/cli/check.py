"""`piston check`: is a stack file sound, or is each of them? Touches no device and needs no passphrase."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from piston_iac.cli.stack_path import find_stack_file
from piston_iac.site.faults import Fault, SiteFaults
from piston_iac.site.load import load_file
from piston_iac.site.schema import Networks, Site

if TYPE_CHECKING:
    from rich.table import Table

# Without a terminal nothing wraps: one fault stays one line for grep and editors.
_ENDLESS = 1000
# More than anybody reads; a table of tens of thousands takes minutes to lay out.
MOST_ROWS = 200
"""Faults that are shown."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check` to the command line."""
    text = "validate a stack file, or all of them and the policies, without touching a device"
    parser = subparsers.add_parser("check", help=text, description=text)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("site", metavar="SITE", nargs="?", help="the site's name: stacks/Pulumi.SITE.yaml")
    which.add_argument("--all", action="store_true", help="every site in stacks/, and the policies")
    parser.add_argument("--file", type=Path, metavar="PATH", help="with SITE: check this file instead")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check one stack file or all. 0 when all is sound, 1 when not; what is wrong goes to standard output."""
    if options.all:
        from piston_iac.cli.check_all import check_all  # brings the plan of the cluster storage with it

        return check_all(Path.cwd())
    path = options.file or find_stack_file(options.site, Path.cwd())
    try:
        site = load_file(path)
    except SiteFaults as error:
        _print_faults(options.site, error.faults)
        return 1
    print(f"{options.site}: ok ({summary(site)})")
    return 0


def summary(site: Site) -> str:
    """What the site has, in a few counts."""
    disks = [node.disks for node in site.nodes.values()]
    counts = (
        (len(site.nodes), "node"),
        (len(Networks.model_fields), "network"),
        (sum(len(of_node.local) for of_node in disks), "local disk"),
        (sum(len(of_node.osd) for of_node in disks), "OSD disk"),
    )
    return ", ".join(count(number, noun) for number, noun in counts) + f", release {site.release}"


def count(number: int, noun: str) -> str:
    """`1 fault`, `2 faults`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_faults(site: str, faults: Sequence[Fault]) -> None:
    print(f"{site}: {count(len(faults), 'fault')}")
    print_table(fault_table(faults[:MOST_ROWS]))
    if len(faults) > MOST_ROWS:
        print(f"and {len(faults) - MOST_ROWS} more; mend these first")


def print_table(table: Table) -> None:
    """Print as wide as the terminal is; without one, one line a row."""
    from rich.console import Console  # only who prints a table pays for it

    width = None if sys.stdout.isatty() else _ENDLESS
    Console(width=width, highlight=False).print(table)


def fault_table(faults: Sequence[Fault]) -> Table:
    """One row per fault: place, setting, cause, fix."""
    rows = [(fault.place(), fault.path, fault.cause, fault.fix) for fault in faults]
    return plain_table(("place", "setting", "cause", "fix"), rows)


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table without lines, its cells as they are."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        # Text: a setting such as dns[0] must not be taken for markup.
        table.add_row(*(Text(cell) for cell in row))
    return table

"""`piston check SITE`: is the stack file sound? Touches no device and needs no passphrase."""

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


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check` to the command line."""
    text = "validate a stack file without touching a device"
    parser = subparsers.add_parser("check", help=text, description=text)
    parser.add_argument("site", metavar="SITE", help="the site's name: stacks/Pulumi.SITE.yaml")
    parser.add_argument("--file", type=Path, metavar="PATH", help="check this file instead")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check one stack file. 0 when it is sound, 1 when it has faults; they go to standard output."""
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
    return ", ".join(_count(number, noun) for number, noun in counts) + f", release {site.release}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_faults(site: str, faults: Sequence[Fault]) -> None:
    from rich.console import Console  # only a faulty file pays for it

    print(f"{site}: {_count(len(faults), 'fault')}")
    width = None if sys.stdout.isatty() else _ENDLESS
    Console(width=width, highlight=False).print(fault_table(faults))


def fault_table(faults: Sequence[Fault]) -> Table:
    """One row per fault: place, setting, cause, fix."""
    from rich.table import Table
    from rich.text import Text

    table = Table("place", "setting", "cause", "fix", box=None, pad_edge=False, header_style="bold")
    for fault in faults:
        # Text: a setting such as dns[0] must not be taken for markup.
        table.add_row(*(Text(cell) for cell in (fault.place(), fault.path, fault.cause, fault.fix)))
    return table

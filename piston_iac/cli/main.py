"""The `piston` command: finds the subcommand, runs it, tells an error in one line.

A subcommand is a module with `add_parser(subparsers)`, which sets `run`: a function from the parsed
arguments to the exit status. Only the module that is asked for is imported, so that start-up stays
fast whatever the others need.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from piston_iac import __version__
from piston_iac.errors import PistonError

COMMANDS = {
    "ceph": "piston_iac.cli.ceph",
    "check": "piston_iac.cli.check",
    "cloud-config": "piston_iac.cli.cloud_config",
    "cloudkey": "piston_iac.cli.cloudkey",
    "diagram": "piston_iac.cli.diagram",
    "image": "piston_iac.cli.image",
    "lab": "piston_iac.cli.lab",
    "restore": "piston_iac.cli.restore",
    "status": "piston_iac.cli.status",
    "support": "piston_iac.cli.support",
    "why": "piston_iac.cli.why",
}
"""Subcommand to module."""

_INTERRUPTED = 130  # what shells report for a command that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 done, 1 failed, 2 misused, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser(given).parse_args(given)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except PistonError as error:
        print(f"piston: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("piston: interrupted; the next run continues from here", file=sys.stderr)
        return _INTERRUPTED


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="piston", description="Looks after a rack that is a private cloud.")
    parser.add_argument("--version", action="version", version=f"piston {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    # Help and misspelt commands list all of them; a known command needs its own module alone.
    wanted = [given[0]] if given and given[0] in COMMANDS else [*COMMANDS]
    for name in wanted:
        import_module(COMMANDS[name]).add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())

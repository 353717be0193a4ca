"""`piston diagram SITE`: the rack and its networks as SVG. Touches no device and needs no passphrase."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from piston_iac.cli.stack_path import find_stack_file
from piston_iac.diagram import rack_svg
from piston_iac.errors import SetupError
from piston_iac.site.load import load_file


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `diagram` to the command line."""
    text = "draw the rack and its networks as SVG"
    parser = subparsers.add_parser("diagram", help=text, description=text)
    parser.add_argument("site", metavar="SITE", help="the site's name: stacks/Pulumi.SITE.yaml")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there (default: standard output)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw one site. A faulty stack file is told as an error: `piston check` says more."""
    picture = rack_svg(load_file(find_stack_file(options.site, Path.cwd())))
    if options.out is None:
        sys.stdout.write(picture)
        return 0
    try:
        options.out.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise SetupError(
            str(options.out),
            "write the picture",
            error.strerror or str(error),
            "Name another file with --out.",
        ) from None
    print(options.out)
    return 0

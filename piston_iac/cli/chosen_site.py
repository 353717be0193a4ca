"""Which site does a command mean, when none is named? $PULUMI_STACK, or the only one in `stacks/`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from piston_iac.cli.open_site import PROJECT_DIR
from piston_iac.cli.stack_path import find_stack_file
from piston_iac.errors import SetupError

MISUSE = 2
_EXAMPLE = "example"
_STACK = "PULUMI_STACK"


def add_site_argument(parser: argparse.ArgumentParser) -> None:
    """An optional SITE."""
    parser.add_argument(
        "site",
        metavar="SITE",
        nargs="?",
        help="the site's name: stacks/Pulumi.SITE.yaml (default: $PULUMI_STACK, or the only site there)",
    )


def chosen_site(named: str | None, start: Path | None = None) -> str:
    """The site that is meant.

    Args:
        named: on the command line; None for the default.
        start: where to look for `stacks/`: there and above, then in the project. Default: here.
    Raises:
        SetupError: there is no such site, or which one is not clear.
    """
    here = start or Path.cwd()
    places = [here, *here.parents, PROJECT_DIR]
    name = named or os.environ.get(_STACK) or only_site(_sites(places))
    find_stack_file(name, next((place for place in places if (place / "stacks").is_dir()), here))
    return name


def only_site(sites: Iterable[str]) -> str:
    """The one site beside the example. Pure.

    Raises:
        SetupError: there is none, or there are several.
    """
    own = sorted(set(sites) - {_EXAMPLE})
    if len(own) == 1:
        return own[0]
    cause = f"there are {len(own)}: {', '.join(own)}" if own else "there is no stack file but the example"
    remedy = "Name one of them." if own else "Copy stacks/Pulumi.example.yaml."
    raise SetupError("site", "tell which one is meant", cause, remedy)


def misuse(error: SetupError) -> int:
    """Tell it in one line; the exit status of misuse."""
    print(f"piston: {error}", file=sys.stderr)
    return MISUSE


def _sites(places: Iterable[Path]) -> list[str]:
    """The sites in the nearest `stacks/`."""
    stacks = next((place / "stacks" for place in places if (place / "stacks").is_dir()), None)
    found = stacks.glob("Pulumi.*.yaml") if stacks else ()
    return [path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in found]

"""`piston why NODE [SITE]`: what happened to a node, oldest first, and in the end why it is as it is."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from piston_iac.cli.chosen_site import add_site_argument, chosen_site, misuse
from piston_iac.cli.open_site import PROJECT_DIR, open_site
from piston_iac.cli.progress import ask_with_progress
from piston_iac.dynamic_providers.timeline import SETTING
from piston_iac.errors import SetupError
from piston_iac.site.faults import did_you_mean
from piston_iac.site.schema import Site
from piston_iac.status.history import history
from piston_iac.status.history_text import to_json, to_text
from piston_iac.status.look import looking


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `why` to the command line."""
    text = "tell what happened to a node, and why it is as it is now"
    parser = subparsers.add_parser("why", help=text, description=text)
    parser.add_argument("node", metavar="NODE", help="the node's name in the stack file")
    add_site_argument(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Tell it. 0 told, 2 there is no such node or site."""
    try:
        name = chosen_site(options.site)
    except SetupError as error:
        return misuse(error)
    site = open_site(name)
    if options.node not in site.nodes:
        return misuse(_no_such_node(site, options.node))
    found = history(looking(site, PROJECT_DIR), options.node, record_of_runs(), ask_with_progress)
    sys.stdout.write(to_json(found) if options.json else to_text(found))
    return 0


def record_of_runs() -> str | None:
    """What runs wrote of what they did; None when there is no such file."""
    setting = os.environ.get(SETTING)
    try:
        return Path(setting).read_text(encoding="utf-8", errors="replace") if setting else None
    except OSError:
        return None


def _no_such_node(site: Site, node: str) -> SetupError:
    near = did_you_mean(node, site.nodes)
    remedy = f"Did you mean {near}? " if near else ""
    cause = f"it has no node {node}"
    return SetupError(
        f"site {site.name}", "find the node", cause, f"{remedy}Its nodes: {', '.join(site.nodes)}"
    )

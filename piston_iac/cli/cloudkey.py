"""`piston cloudkey`: what goes onto the boot node's USB stick."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from piston_iac.boot_node.cloudkey import write_settings
from piston_iac.cli.open_site import open_site


def add_parser(subparsers: Any) -> None:
    """Add the `cloudkey` command with its own command `settings`."""
    parser = subparsers.add_parser("cloudkey", help="the boot node's USB stick")
    commands = parser.add_subparsers(dest="cloudkey_command", required=True)
    settings = commands.add_parser("settings", help="write the settings directory (it holds private keys)")
    settings.add_argument("site", metavar="SITE", help="name of the stack, such as lab")
    settings.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to write it")
    settings.add_argument("--release-dir", type=Path, metavar="DIR", help="a built release to add")
    settings.set_defaults(run=_settings)


def _settings(arguments: argparse.Namespace) -> int:
    write_settings(arguments.out, open_site(arguments.site), arguments.release_dir)
    print(arguments.out)
    return 0

"""`piston image`: build the micro-OS release of this checkout, or say where it is."""

from __future__ import annotations

import argparse
from typing import Any

from piston_iac.micro_os.build import build
from piston_iac.micro_os.release import RELEASE, image_path, read_manifest


def add_parser(subparsers: Any) -> None:
    """Add the `image` command with its own commands `build` and `path`."""
    parser = subparsers.add_parser("image", help="the micro-OS that nodes boot")
    commands = parser.add_subparsers(dest="image_command", required=True)
    for name, text, action in (
        ("build", "build the release of this checkout into the cache", _build),
        ("path", "print where its root file system is", _path),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--release", default=RELEASE, help="name of the release (default %(default)s)")
        command.set_defaults(run=action)


def _build(arguments: argparse.Namespace) -> int:
    build(arguments.release, say=lambda line: print(line, flush=True))
    print(image_path(arguments.release))
    return 0


def _path(arguments: argparse.Namespace) -> int:
    print(image_path(arguments.release))
    return 0 if read_manifest(arguments.release) else 1

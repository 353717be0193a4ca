"""`piston lab`: the virtual rack. The only door from the product's commands into the lab."""

from __future__ import annotations

import argparse

from piston_iac.lab.commands import add_commands


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `lab` with its commands to the command line."""
    text = "the virtual rack: up, down, power, cables, disks, BMCs, consoles"
    add_commands(subparsers.add_parser("lab", help=text, description=text))

"""`python -m piston_iac.lab`: the same as `piston lab`."""

from __future__ import annotations

import argparse
import sys

from piston_iac.errors import PistonError
from piston_iac.lab.commands import add_commands


def main() -> int:
    """Run one command; errors are one line on standard error."""
    parser = argparse.ArgumentParser(prog="piston lab", description="The virtual rack.")
    add_commands(parser)
    options = parser.parse_args()
    try:
        return int(options.run(options))
    except PistonError as error:
        print(f"piston lab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

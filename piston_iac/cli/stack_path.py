"""Where is a site's stack file? In `stacks/` of the working directory or of one above it."""

from __future__ import annotations

from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.site.faults import did_you_mean


def find_stack_file(site: str, start: Path) -> Path:
    """The path of `stacks/Pulumi.<site>.yaml` nearest above `start`, relative to it where it can be.

    Raises:
        SetupError: there is none; says which sites there are.
    """
    sites: set[str] = set()
    for directory in (start, *start.parents):
        path = directory / "stacks" / f"Pulumi.{site}.yaml"
        if path.is_file():
            return path.relative_to(start) if path.is_relative_to(start) else path
        sites |= {found.name[len("Pulumi.") : -len(".yaml")] for found in path.parent.glob("Pulumi.*.yaml")}
    near = did_you_mean(site, sites)
    known = f"The sites here: {', '.join(sorted(sites))}" if sites else "Run it inside the project"
    remedy = f"Did you mean {near}? {known}" if near else known
    raise SetupError(f"site {site}", "find its stack file", f"there is no stacks/Pulumi.{site}.yaml", remedy)

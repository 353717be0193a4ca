"""The Pulumi program: which resources a site becomes."""

from __future__ import annotations

from piston_iac.program.run import run

__all__ = ["run"]

"""The Pulumi program: one site, from its stack file."""

from piston_iac.program import run

run()

"""Read the stack's site and wire its resources."""

from __future__ import annotations

import pulumi
from pulumi.runtime.config import CONFIG

from piston_iac.errors import PistonError
from piston_iac.micro_os.release import read_manifest
from piston_iac.program.graph import build
from piston_iac.site.load import load_config


def run() -> None:
    """What `pulumi preview` and `pulumi up` run."""
    try:
        site = load_config(pulumi.get_stack(), CONFIG.get())
        manifest = read_manifest(site.release)
        if manifest is None:
            raise PistonError(
                f"release {site.release}",
                "find the micro-OS image",
                "it is not in this machine's cache",
                "Run `piston image build`.",
            )
    except PistonError as error:
        # One message without a traceback: the operator's mistake, not the program's.
        raise pulumi.RunError(str(error)) from None
    build(site, manifest)

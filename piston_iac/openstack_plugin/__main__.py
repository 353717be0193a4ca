"""Start of the plugin process: `python -m piston_iac.openstack_plugin ENGINE_ADDRESS`."""

from __future__ import annotations

import logging
import sys
import warnings

from piston_iac.dynamic_providers.host.start import plugin_process


def _serve(address: str) -> None:
    # Imported late: they need the SDK that has just been checked.
    from piston_iac.dynamic_providers.host.serving import serve
    from piston_iac.openstack_plugin.server import Plugin

    # The engine shows every line of stderr to the operator; those of libraries are not for them.
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.simplefilter("ignore")
    serve(address, Plugin)


if __name__ == "__main__":
    plugin_process(sys.argv[1:], _serve)

"""Start of the plugin process: `python -m piston_iac.dynamic_providers.host ENGINE_ADDRESS`."""

from __future__ import annotations

import sys

from piston_iac.dynamic_providers.host.start import plugin_process


def _serve(address: str) -> None:
    # Imported late: they need the SDK that has just been checked.
    from piston_iac.dynamic_providers.host.server import Host
    from piston_iac.dynamic_providers.host.serving import serve

    serve(address, Host)


if __name__ == "__main__":
    plugin_process(sys.argv[1:], _serve)

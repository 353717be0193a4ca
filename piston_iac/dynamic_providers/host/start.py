"""How a plugin process starts and ends: the SDK is checked first, and nothing outlives it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import metadata
from typing import NoReturn

from piston_iac.dynamic_providers.host import sdk


def plugin_process(arguments: list[str], serve: Callable[[str], None]) -> NoReturn:
    """Run a plugin for the engine that started it, and end the process.

    Args:
        arguments: of the process, as the engine gave them.
        serve: serves the engine at that address until it is done. It imports what needs the SDK.
    """
    code = _run(arguments, serve)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a stuck operation's thread would otherwise keep the process alive


def _run(arguments: list[str], serve: Callable[[str], None]) -> int:
    fault = sdk.fault(metadata.version("pulumi"))
    if fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    # The engine may put flags of its own (--logtostderr, --tracing) before the address.
    addresses = [a for a in arguments if ":" in a and not a.startswith("-")]
    if not addresses:
        sys.stderr.write(
            "piston host: started without an engine address; the engine starts it, nobody else\n"
        )
        return 1
    serve(addresses[-1])
    return 0

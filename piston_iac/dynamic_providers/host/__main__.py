"""Start of the plugin process: `python -m piston_iac.dynamic_providers.host ENGINE_ADDRESS`.

Prints the port it listens on as its only line of output, as the engine expects.
"""

from __future__ import annotations

import os
import sys
from concurrent import futures
from importlib import metadata

from piston_iac.dynamic_providers.host import sdk

WORKERS = 256
"""Operations at once. The stock host has 4, so a rack would come up four nodes at a time."""

_LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit


def main(arguments: list[str]) -> int:
    """Serve one engine until it is done. Returns the exit code."""
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
    _serve(addresses[-1])
    return 0


def _serve(address: str) -> None:
    # Imported late: they need the SDK that has just been checked.
    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc

    from piston_iac.dynamic_providers import runtime
    from piston_iac.dynamic_providers.host.engine import Engine
    from piston_iac.dynamic_providers.host.server import Host
    from piston_iac.dynamic_providers.host.watch import Work, serve_until_done

    engine, work = Engine(address), Work()
    runtime.attach(engine)
    limits = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE_BYTES),
        ("grpc.max_metadata_size", _LARGEST_MESSAGE_BYTES),  # a half-made resource travels in metadata
    ]
    server = grpc.server(futures.ThreadPoolExecutor(WORKERS), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Host(work), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    serve_until_done(engine, port, work)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a stuck operation's thread would otherwise keep the process alive

"""One plugin process: it listens, tells the engine its port, and serves until the engine is done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.host.engine import Engine
from piston_iac.dynamic_providers.host.watch import Work, serve_until_done

WORKERS = 256
"""Operations at once. The stock host has 4, so a rack would come up four nodes at a time."""

_LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit


def serve(address: str, plugin: Callable[[Work], provider_pb2_grpc.ResourceProviderServicer]) -> None:
    """Serve one engine until it is done. The port is the only line of output, as the engine expects.

    Args:
        address: of the engine, `host:port`.
        plugin: makes what answers; it counts its operations in the `Work` it is given.
    """
    engine, work = Engine(address), Work()
    runtime.attach(engine)
    limits = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE_BYTES),
        ("grpc.max_metadata_size", _LARGEST_MESSAGE_BYTES),  # a half-made resource travels in metadata
    ]
    server = grpc.server(futures.ThreadPoolExecutor(WORKERS), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin(work), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    serve_until_done(engine, port, work)

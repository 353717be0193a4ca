"""How the host speaks to the engine that started it: warnings and progress, and whether it lives."""

from __future__ import annotations

import contextlib
import os
import socket

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from piston_iac.dynamic_providers.host import redact

_LOG_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 1.0


class Engine:
    """The engine at `address` (`host:port`), which is this process's parent."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._where = (host, int(port))
        self._parent = os.getppid()
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def warn(self, urn: str, text: str) -> None:
        """Show a warning on a resource."""
        self._log(engine_pb2.WARNING, urn, text, ephemeral=False)

    def info(self, urn: str, text: str) -> None:
        """Show a line on a resource, to stay."""
        self._log(engine_pb2.INFO, urn, text, ephemeral=False)

    def status(self, urn: str, text: str) -> None:
        """Show progress on a resource until the next one comes."""
        self._log(engine_pb2.INFO, urn, text, ephemeral=True)

    def parent_is_gone(self) -> bool:
        """True when the process that started us has died."""
        return os.getppid() != self._parent

    def refuses(self) -> bool:
        """True when nothing listens at the engine's address any more."""
        try:
            socket.create_connection(self._where, timeout=_CONNECT_TIMEOUT_S).close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False  # busy or odd: no proof that it is gone
        return False

    def _log(self, severity: int, urn: str, text: str, *, ephemeral: bool) -> None:
        request = engine_pb2.LogRequest(
            severity=severity,  # type: ignore[arg-type]  # the enum's values are a NewType of int
            urn=urn,
            message=redact.one_line(text),
            ephemeral=ephemeral,
        )
        with contextlib.suppress(grpc.RpcError):  # an engine that cannot listen must not stop the work
            self._stub.Log(request, timeout=_LOG_TIMEOUT_S)

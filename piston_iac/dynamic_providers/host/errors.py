"""What the engine is told when an operation fails: one line, never a traceback, never a secret.

A `PistonError` is shown as it is. `HalfMade` keeps the resource in the state. Anything else is a bug:
its traceback (code lines only, no values) goes to a log file that the one line names.
"""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, struct_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from piston_iac.dynamic_providers.host import redact
from piston_iac.errors import PistonError


@dataclass(frozen=True)
class Kept:
    """A half-made resource as the engine stores it."""

    id: str
    properties: struct_pb2.Struct
    inputs: struct_pb2.Struct
    reasons: list[str]


def describe(error: Exception, urn: str) -> str:
    """One line that an operator can act on. Writes the traceback of an unexpected error to the log."""
    if isinstance(error, PistonError):
        return redact.one_line(str(error))
    log = _log_traceback(error, urn)
    text = redact.one_line(f"{type(error).__name__}: {error}")
    return f"unexpected {text}. This is a fault of the program; its traceback is in {log}"


def refuse(context: grpc.ServicerContext, error: Exception, urn: str) -> NoReturn:
    """End the operation with an error; the engine changes nothing in the state."""
    expected = isinstance(error, PistonError)
    code = grpc.StatusCode.FAILED_PRECONDITION if expected else grpc.StatusCode.UNKNOWN
    context.abort(code, describe(error, urn))
    raise AssertionError  # abort never returns


def keep(context: grpc.ServicerContext, kept: Kept) -> NoReturn:
    """End the operation with an error that leaves the half-made resource in the state."""
    reasons = [redact.one_line(reason) for reason in kept.reasons]
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=kept.id, properties=kept.properties, inputs=kept.inputs, reasons=reasons
        )
    )
    code = grpc.StatusCode.UNKNOWN
    message = "the resource is half-made"
    status = status_pb2.Status(code=code.value[0], message=message, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, message)
    raise AssertionError  # abort never returns


def log_file() -> Path:
    """Where tracebacks go: under the user's state directory."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "piston-iac" / "host.log"


def _log_traceback(error: Exception, urn: str) -> Path:
    """Append where the error came from. Frames hold code lines only, so no property gets in."""
    path = log_file()
    lines: list[str] = []
    cause: Any = error
    while cause is not None:
        lines += [
            *traceback.format_tb(cause.__traceback__),
            f"{type(cause).__name__}: {redact.clean(str(cause))}\n",
        ]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(f"--- {datetime.now(UTC).isoformat()} {urn}\n{''.join(lines)}")
    except OSError as refused:
        return Path(f"(could not be written: {refused.strerror})")
    return path

"""How the service says no: one exception, and JSON for every error that leaves it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

from aiohttp import web

from piston_iac.errors import PistonError

_log = logging.getLogger("piston-bootd")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """The request is understood and refused. `text` is one line for the caller.

    Args:
        status: the HTTP status that says why.
        text: one line; never holds a secret.
        details: further fields of the JSON answer.
    """

    def __init__(self, status: HTTPStatus, text: str, **details: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.details = details


def _error(status: int, text: str, details: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text, **(details or {})}, status=status)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure of a handler into {"error": "<one line>"}."""
    try:
        return await handler(request)
    except Refused as refused:
        return _error(refused.status, refused.text, refused.details)
    except web.HTTPException as answer:
        return _error(answer.status, answer.reason)
    except PistonError as fault:
        _log.error("%s", fault)
        return _error(HTTPStatus.INTERNAL_SERVER_ERROR, f"could not {fault.action}: {fault.cause}")
    except ConnectionError:
        # The caller went away; there is nobody to tell.
        raise
    except OSError as fault:
        # A full or dying disk is the operator's to repair, so its name goes out.
        _log.exception("%s %s failed", request.method, request.path)
        return _error(HTTPStatus.INSUFFICIENT_STORAGE, f"the boot node's disk: {fault.strerror or fault}")
    except Exception as fault:  # noqa: BLE001 - the last place before the caller; the log has the trace
        _log.exception("%s %s failed", request.method, request.path)
        return _error(HTTPStatus.INTERNAL_SERVER_ERROR, f"internal fault: {type(fault).__name__}")


async def json_object(request: web.Request) -> dict[str, Any]:
    """The request's body as a JSON object.

    Raises:
        Refused: it is something else.
    """
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is not a JSON object")
    return body


def text_field(body: dict[str, Any], name: str) -> str:
    """A text that the body must hold."""
    value = body.get(name)
    if not isinstance(value, str):
        raise Refused(HTTPStatus.BAD_REQUEST, f"{name} is missing or not text")
    return value


def seconds_field(body: dict[str, Any], name: str, most: int) -> float:
    """A duration in seconds, above 0 and at most `most`."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise Refused(HTTPStatus.BAD_REQUEST, f"{name} is not a number of seconds from 1 to {most}")
    return float(value)

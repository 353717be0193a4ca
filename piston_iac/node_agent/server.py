"""The agent's HTTPS server: mutual TLS, the operator and nobody else.

Each connection has its own thread and the handshake happens there, so a silent client holds up no one.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from piston_iac.node_agent.tools import ToolFailed
from piston_iac.trust.authority import OPERATOR
from piston_iac.trust.tls import peer_name

PORT = 9443
_LIMIT_S = 10.0


class Answers(Protocol):
    """What the server passes on."""

    def report(self) -> dict[str, Any]:
        """The report as plain data."""

    def journal(self) -> dict[str, Any]:
        """The journal as plain data."""

    def fetch(self) -> None:
        """Have the document fetched and applied."""

    def converge(self) -> None:
        """Have the document applied again."""


def make_server(address: str, port: int, context: ssl.SSLContext, answers: Answers) -> ThreadingHTTPServer:
    """A server that is bound but does not serve yet; `serve_forever` runs it."""

    class Handler(_Handler):
        agent = answers
        tls = context

    server = ThreadingHTTPServer((address, port), Handler)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    agent: Answers
    tls: ssl.SSLContext
    server_version = "piston-agent"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _LIMIT_S

    def setup(self) -> None:
        """Shake hands before anything is read."""
        self.request.settimeout(_LIMIT_S)
        self.request = self.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        """Answer requests until the client leaves."""
        try:
            super().handle()
        finally:
            self.request.close()

    def do_GET(self) -> None:
        """Report and journal."""
        self._route({"/v1/report": self.agent.report, "/v1/journal": self.agent.journal})

    def do_POST(self) -> None:
        """Fetch and converge: taken on, not waited for."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._route({"/v1/fetch": self.agent.fetch, "/v1/converge": self.agent.converge})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Requests are not logged: reports are asked for all day."""

    def _route(self, routes: dict[str, Callable[[], dict[str, Any] | None]]) -> None:
        name = peer_name(self.request)
        if name != OPERATOR:
            self._answer(HTTPStatus.FORBIDDEN, {"error": f"{name or 'nobody'} may not ask: the operator may"})
            return
        action = routes.get(self.path)
        if action is None:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"no {self.command} {self.path} here"})
            return
        try:
            content = action()
        except (ToolFailed, OSError) as error:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})
            return
        self._answer(HTTPStatus.OK if content is not None else HTTPStatus.ACCEPTED, content or {})

    def _answer(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

"""The agent's HTTPS server: mutual TLS, the operator and nobody else.

Each connection has its own thread and the handshake happens there, so a silent client holds up no one.
Programs run in that thread too: what the operator asks for does not wait for what the agent works on.
"""

from __future__ import annotations

import json
import shutil
import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from piston_iac.node_agent.fence import Fence
from piston_iac.node_agent.programs import Finished, OutOfTime
from piston_iac.node_agent.request_body import BodyLost, RequestBody, length_of
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_document import Program
from piston_iac.trust.authority import OPERATOR
from piston_iac.trust.gate import HEADER, parse_token
from piston_iac.trust.tls import peer_name

PORT = 9443
_LIMIT_S = 10.0
_PROGRAMS = "/v1/programs/"
# Far below what clients take as one line of headers (65536 bytes).
_HEADER_BYTES = 4096


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

    def program(self, name: str) -> Program | None:
        """The program of that name; None when the document names none, or there is no document yet."""

    def run_program(self, program: Program, stdin: Iterator[bytes]) -> Finished:
        """Run it to its end."""


def make_server(
    address: str, port: int, context: ssl.SSLContext, answers: Answers, gate: Fence
) -> ThreadingHTTPServer:
    """A server that is bound but does not serve yet; `serve_forever` runs it."""

    class Handler(_Handler):
        agent = answers
        tls = context
        fence = gate

    server = ThreadingHTTPServer((address, port), Handler)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    agent: Answers
    tls: ssl.SSLContext
    fence: Fence
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
        except ConnectionError:
            # The client waited no longer, and left: there is nobody to tell.
            pass
        finally:
            self.request.close()

    def do_GET(self) -> None:
        """Report and journal."""
        self._route({"/v1/report": self.agent.report, "/v1/journal": self.agent.journal})

    def do_POST(self) -> None:
        """Fetch and converge: taken on, not waited for. Programs: run to their end."""
        length = length_of(self.headers)
        body = RequestBody(self.rfile, length or 0)
        if self.path.startswith(_PROGRAMS):
            self._run_program(self.path.removeprefix(_PROGRAMS), body, length)
        else:
            self._order({"/v1/fetch": self.agent.fetch, "/v1/converge": self.agent.converge})
        # What is still unread would count as the next request.
        if length is None or not body.throw_away():
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Requests are not logged: reports are asked for all day."""

    def _route(self, routes: dict[str, Callable[[], dict[str, Any] | None]]) -> None:
        if not self._is_operator():
            return
        action = routes.get(self.path)
        if action is None:
            self._refuse(HTTPStatus.NOT_FOUND, f"no {self.command} {self.path} here")
            return
        try:
            content = action()
        except (ToolFailed, OSError) as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
            return
        self._answer(HTTPStatus.OK if content is not None else HTTPStatus.ACCEPTED, content or {})

    def _order(self, routes: dict[str, Callable[[], dict[str, Any] | None]]) -> None:
        """Orders may need a turn at the change gate: one that comes too late is refused."""
        try:
            token = parse_token(self.headers.get(HEADER))
        except ValueError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        # Whoever may not ask at all must not use a token up.
        if peer_name(self.request) == OPERATOR and not self.fence.lets_in(token):
            self._refuse(HTTPStatus.CONFLICT, f"the turn with token {token} is over: another one began")
            return
        self._route(routes)

    def _run_program(self, name: str, body: RequestBody, length: int | None) -> None:
        """Run a program to its end and answer with what it printed. `length` is None for an unfit one."""
        if not self._is_operator():
            return
        program = self.agent.program(name)
        if program is None:
            self._refuse(HTTPStatus.NOT_FOUND, f"the document of this node names no program {name}")
            return
        if length is None:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "say a length, of 1 GiB at most")
            return
        try:
            finished = self.agent.run_program(program, body)
        except OutOfTime as error:
            self._refuse(HTTPStatus.GATEWAY_TIMEOUT, f"{name}: {error}")
        except (ToolFailed, OSError) as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"{name}: {error}")
        except BodyLost:
            self.close_connection = True
        else:
            self._answer_finished(finished)

    def _is_operator(self) -> bool:
        """Whether the peer may ask anything; else it is told so."""
        name = peer_name(self.request)
        if name != OPERATOR:
            self._refuse(HTTPStatus.FORBIDDEN, f"{name or 'nobody'} may not ask: the operator may")
        return name == OPERATOR

    def _refuse(self, status: HTTPStatus, error: str) -> None:
        self._answer(status, {"error": error})

    def _answer(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer_finished(self, finished: Finished) -> None:
        with finished.output as output:
            length = output.seek(0, 2)
            output.seek(0)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(length))
            self.send_header("X-Exit-Status", str(finished.status))
            # Headers are latin-1.
            errors = finished.errors[:_HEADER_BYTES].encode("latin-1", "replace").decode("latin-1")
            self.send_header("X-Errors", errors)
            self.end_headers()
            shutil.copyfileobj(output, self.wfile)

"""A small boot node for tests: real TLS, real certificates, a window that is open or not, one document."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from piston_iac.trust.authority import bootd_identity, node_authority, node_peer_name, site_authority
from piston_iac.trust.secret import Secret
from piston_iac.trust.tls import peer_name, server_context

SEED = Secret("a seed that is only used by tests, and long enough")
SITE = "lab"


@dataclass
class EnrolmentServer:
    """Serves on `address`; ports 0 take free ones."""

    address: str
    http_port: int = 0
    https_port: int = 0
    window_open: bool = False
    seal_keys: dict[str, bytes] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    refused: int = 0
    silent: bool = False
    servers: list[ThreadingHTTPServer] = field(default_factory=list)

    def __enter__(self) -> EnrolmentServer:
        self.ca_pem = site_authority(SEED, SITE).certificate_pem
        self.nodes = node_authority(SEED, SITE)
        context = server_context(self.ca_pem, bootd_identity(SEED, SITE, self.address), require_client=False)
        plain = ThreadingHTTPServer((self.address, self.http_port), _handler(self))
        secure = ThreadingHTTPServer((self.address, self.https_port), _handler(self, context))
        self.servers = [plain, secure]
        self.http_port, self.https_port = (it.server_address[1] for it in self.servers)
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def enrol(self, body: dict[str, str]) -> tuple[int, bytes]:
        if not self.window_open:
            self.refused += 1
            return 403, json.dumps({"error": f"no deploy of {body['node']} is under way"}).encode()
        self.window_open = False
        self.seal_keys[body["node"]] = bytes.fromhex(body["seal_key"])
        pem = self.nodes.issue_for_request(body["csr_pem"], node_peer_name(body["node"]), (self.address,))
        return 200, json.dumps({"certificate_pem": pem, "chain_pem": self.nodes.chain_pem}).encode()

    def document(self, peer: str, node: str) -> tuple[int, bytes]:
        if self.silent:
            return 503, b'{"error": "starting"}'
        if peer != node_peer_name(node):
            return 403, b'{"error": "not yours"}'
        sealed = self.documents.get(node)
        return (200, sealed) if sealed else (404, b'{"error": "none yet"}')


def _handler(owner: EnrolmentServer, tls: ssl.SSLContext | None = None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def setup(self) -> None:
            """Shake hands in the connection's own thread: a silent peer must not hold up the rest."""
            self.request: socket.socket
            self.request.settimeout(self.timeout)
            if tls:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def do_GET(self) -> None:
            if self.path == "/ca.pem":
                self._answer(200, owner.ca_pem.encode())
            else:
                self._answer(*owner.document(peer_name(self.request), self.path.rsplit("/", 1)[-1]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*owner.enrol(json.loads(body)))

        def log_message(self, *_: object) -> None: ...

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler

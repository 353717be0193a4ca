"""What a health check makes of certificates: real TLS on loopback."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.access import Access
from piston_iac.node_programs.cloud.https import health
from piston_iac.trust.secret import Secret
from piston_iac.trust.service_authority import Kind, authority, identity

SITE, OTHER = Secret("of this test"), Secret("of another site")
HERE = "127.0.0.1"


class Fine(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text(authority(SITE, "lab", Kind.WEB))
    monkeypatch.setattr(layout, "WEB_CA", str(tmp_path / "ca.pem"))


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """The port of a server with a certificate that `request.param` made."""
    seed, address = request.param
    own = identity(seed, "lab", Kind.WEB, "n1", (address,))
    pem = tmp_path / "web.pem"
    pem.write_text(own.certificate_pem + own.key_pem.get_secret_value())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with HTTPServer((HERE, 0), Fine) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


def asked(port: int) -> dict[str, int]:
    return health(Access("n1", HERE, {"n1": HERE}, HERE), port, "/")


@pytest.mark.usefixtures("trusts")
@pytest.mark.parametrize("served", [(SITE, HERE)], indirect=True)
def test_the_sites_own_certificate_is_good(served: int) -> None:
    assert asked(served) == {"address": 200, "n1": 200}


@pytest.mark.usefixtures("trusts")
@pytest.mark.parametrize("served", [(OTHER, HERE)], indirect=True)
def test_somebody_elses_is_told_apart(served: int) -> None:
    assert asked(served) == {"address": layout.UNTRUSTED, "n1": layout.UNTRUSTED}


@pytest.mark.usefixtures("trusts")
@pytest.mark.parametrize("served", [(SITE, "192.0.2.1")], indirect=True)
def test_one_for_another_address_is_no_answer_and_not_left_to_another_line(served: int) -> None:
    assert asked(served) == {"address": 0, "n1": 0}


@pytest.mark.usefixtures("trusts")
def test_nobody_there_is_no_answer() -> None:
    with socket.create_server((HERE, 0)) as closed:
        port = closed.getsockname()[1]
    assert asked(port) == {"address": 0, "n1": 0}

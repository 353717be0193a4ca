"""What the balancer says of its servers, and what it serves."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

from piston_iac.node_programs.cloud.balancer import certificate, parse_servers
from piston_iac.trust.certificates import digest
from piston_iac.trust.secret import Secret
from piston_iac.trust.service_authority import Kind, identity

STATS = """# pxname,svname,status,check_status
database,FRONTEND,OPEN,
database,n1,UP,L7OK
database,n2,DOWN 1/2,L4CON
database,n3,MAINT,
database,BACKEND,UP,
glance,n1,DRAIN (agent),
glance-here,n1,no check,
"""


def test_dead_servers_and_those_that_somebody_held_out() -> None:
    assert parse_servers(STATS) == {
        "down": ["database/n2"],
        "out": ["database/n3 MAINT", "glance/n1 DRAIN"],
    }


def test_what_is_served_is_named_by_the_digest_of_the_certificate(tmp_path: Path) -> None:
    own = identity(Secret("of this test"), "lab", Kind.WEB, "n1", ("127.0.0.1",))
    pem = tmp_path / "web.pem"
    pem.write_text(own.certificate_pem + own.key_pem.get_secret_value())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with context.wrap_socket(listener.accept()[0], server_side=True):
                pass

        server = threading.Thread(target=serve)
        server.start()
        seen = certificate("127.0.0.1", listener.getsockname()[1])
        server.join(10)
    assert seen["sha256"] == digest(own.certificate_pem)
    assert seen["days"] > 3650

"""The certificate that the APIs show: the same each time, for these addresses, taken by any client."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from piston_iac.trust.authority import Identity
from piston_iac.trust.secret import Secret
from piston_iac.trust.service_authority import Kind, authority, identity

SEED = Secret("a seed that is at least thirty-two characters")


def test_it_is_the_same_each_time_and_another_for_each_host_and_seed() -> None:
    first = identity(SEED, "lab", Kind.WEB, "n1", ("127.0.0.1",))
    assert identity(SEED, "lab", Kind.WEB, "n1", ("127.0.0.1",)) == first
    assert identity(SEED, "lab", Kind.WEB, "n2", ("127.0.0.1",)).key_pem != first.key_pem
    assert identity(Secret("another seed"), "lab", Kind.WEB, "n1", ("127.0.0.1",)).key_pem != first.key_pem
    assert (
        authority(SEED, "lab", Kind.WEB)
        == authority(SEED, "lab", Kind.WEB)
        != authority(SEED, "other", Kind.WEB)
    )


def test_it_is_of_a_kind_that_browsers_know() -> None:
    pem = identity(SEED, "lab", Kind.WEB, "n1", ("127.0.0.1",)).certificate_pem
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


def _serve(identity: Identity, directory: Path) -> int:
    """One TLS connection on the loopback; returns the port."""
    chain = directory / "identity.pem"
    chain.write_text(identity.certificate_pem + identity.key_pem.get_secret_value())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as plain:
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                return

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


def test_a_client_with_the_authority_takes_it(tmp_path: Path) -> None:
    port = _serve(identity(SEED, "lab", Kind.WEB, "n1", ("127.0.0.1",)), tmp_path)
    context = ssl.create_default_context(cadata=authority(SEED, "lab", Kind.WEB))
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        context.wrap_socket(plain, server_hostname="127.0.0.1").close()


def test_a_certificate_for_another_address_is_refused(tmp_path: Path) -> None:
    port = _serve(identity(SEED, "lab", Kind.WEB, "n1", ("10.0.0.1",)), tmp_path)
    context = ssl.create_default_context(cadata=authority(SEED, "lab", Kind.WEB))
    with socket.create_connection(("127.0.0.1", port), 5) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="127.0.0.1")

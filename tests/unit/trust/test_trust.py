"""Keys, certificates, sealing: what follows from a seed, and who is let in."""

import socket
import ssl
import threading

import pytest

from piston_iac.trust.authority import (
    Identity,
    bootd_identity,
    certificate_digest,
    load_authority,
    new_request,
    node_authority,
    operator_identity,
    site_authority,
)
from piston_iac.trust.derive import bmc_password, break_glass_password, derive
from piston_iac.trust.seal import new_seal_key, seal, unseal
from piston_iac.trust.secret import Secret
from piston_iac.trust.tls import client_context, peer_name, server_context

SEED = Secret("a" * 40)


def test_derivation_is_stable_and_separates_purposes() -> None:
    assert derive(SEED, "x") == derive(SEED, "x")
    assert (
        len({derive(SEED, "x"), derive(SEED, "y"), derive(SEED, "x", 2), derive(Secret("b" * 40), "x")}) == 4
    )


def test_bmc_passwords_are_unique_and_fit_ipmi() -> None:
    words = [bmc_password(SEED, f"n{i}", 1) for i in range(50)]
    words += [break_glass_password(SEED, f"n{i}", 1) for i in range(50)]
    words.append(bmc_password(SEED, "n1", 2))
    texts = {word.get_secret_value() for word in words}
    assert len(texts) == len(words)
    assert all(len(text) == 16 for text in texts)


def test_a_secret_does_not_show_itself() -> None:
    assert "hunter2" not in f"{Secret('hunter2')} {Secret('hunter2')!r}"


def test_the_same_seed_gives_the_same_authority_and_identity() -> None:
    assert site_authority(SEED, "lab").certificate_pem == site_authority(SEED, "lab").certificate_pem
    assert operator_identity(SEED, "lab") == operator_identity(SEED, "lab")
    assert site_authority(SEED, "lab").certificate_pem != site_authority(SEED, "other").certificate_pem
    assert len(certificate_digest(site_authority(SEED, "lab").certificate_pem)) == 64


def test_sealing_reaches_only_its_receiver() -> None:
    private, public = new_seal_key()
    sealed = seal(public, b"text", b"lab/n1")
    assert unseal(private, sealed, b"lab/n1") == b"text"
    assert b"text" not in sealed
    for wrong in (
        lambda: unseal(new_seal_key()[0], sealed, b"lab/n1"),
        lambda: unseal(private, sealed, b"lab/n2"),
        lambda: unseal(private, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"lab/n1"),
        lambda: unseal(private, sealed[:20], b"lab/n1"),
    ):
        with pytest.raises(ValueError, match="seal"):
            wrong()


def _enrolled_node(name: str) -> Identity:
    return _signed_by_the_boot_node(f"node:{name}")


def _signed_by_the_boot_node(common_name: str) -> Identity:
    authority = node_authority(SEED, "lab")
    held = load_authority(authority.certificate_pem, authority.key_pem())
    request, key = new_request("whatever")
    return Identity(held.issue_for_request(request, common_name, ["127.0.0.1"]), key)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str, str]:
    """Connect over a socket pair: (who the client sees, who the server sees)."""
    ours, theirs = socket.socketpair()
    seen: list[str] = []

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as connection:
                seen.append(peer_name(connection))
                connection.sendall(b"!")
        except ssl.SSLError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours) as connection:
            name = peer_name(connection)
            connection.recv(1)
    finally:
        thread.join()
    return name, (seen or ["refused"])[0]


def test_peers_of_one_site_know_each_other_by_name() -> None:
    ca = site_authority(SEED, "lab").certificate_pem
    bootd = server_context(ca, bootd_identity(SEED, "lab", "127.0.0.1"), require_client=False)
    assert _handshake(bootd, client_context(ca, operator_identity(SEED, "lab"))) == ("bootd", "operator")
    assert _handshake(bootd, client_context(ca, _enrolled_node("n1"))) == ("bootd", "node:n1")
    assert _handshake(bootd, client_context(ca, None)) == ("bootd", "")
    agent = server_context(ca, _enrolled_node("n1"), require_client=True)
    assert _handshake(agent, client_context(ca, operator_identity(SEED, "lab"))) == ("node:n1", "operator")


def test_another_site_is_refused() -> None:
    ca = site_authority(SEED, "lab").certificate_pem
    bootd = server_context(ca, bootd_identity(SEED, "lab", "127.0.0.1"), require_client=False)
    stranger = site_authority(Secret("z" * 40), "lab").certificate_pem
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(bootd, client_context(stranger, None))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(bootd, client_context(ca, operator_identity(Secret("z" * 40), "lab")))


def test_the_boot_node_cannot_make_itself_an_operator() -> None:
    ca = site_authority(SEED, "lab").certificate_pem
    agent = server_context(ca, _enrolled_node("n1"), require_client=True)
    forged = client_context(ca, _signed_by_the_boot_node("operator"))
    assert _handshake(agent, forged) == ("node:n1", "")

"""TLS contexts for mutual authentication inside one site. TLS 1.3 only.

Peers are known by the common name that the site signed, not by DNS: the caller of a client context
compares `peer_name` with whom it meant to call.
"""

from __future__ import annotations

import os
import ssl
from typing import Any

from piston_iac.trust.authority import Identity, may_carry


def _load_identity(context: ssl.SSLContext, identity: Identity) -> None:
    """Load certificate and key. The ssl module takes paths only, so they pass through memory files."""
    certificate = _memory_file("certificate", identity.certificate_pem)
    key = _memory_file("key", identity.key_pem.get_secret_value())
    try:
        context.load_cert_chain(f"/proc/self/fd/{certificate}", f"/proc/self/fd/{key}")
    finally:
        os.close(certificate)
        os.close(key)


def _memory_file(name: str, content: str) -> int:
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    os.write(descriptor, content.encode())
    return descriptor


def client_context(ca_pem: str, identity: Identity | None) -> ssl.SSLContext:
    """For calling a peer of the site; without an identity only to enrol."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_verify_locations(cadata=ca_pem)
    if identity is not None:
        _load_identity(context, identity)
    return context


def server_context(ca_pem: str, identity: Identity, require_client: bool) -> ssl.SSLContext:
    """For serving peers of the site. Without `require_client` a peer may come without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=ca_pem)
    context.verify_mode = ssl.CERT_REQUIRED if require_client else ssl.CERT_OPTIONAL
    _load_identity(context, identity)
    return context


def _common_name(certificate: dict[str, Any], field: str) -> str:
    pairs = (pair for part in certificate.get(field, ()) for pair in part)
    return next((str(value) for key, value in pairs if key == "commonName"), "")


def peer_name(connection: ssl.SSLSocket | ssl.SSLObject) -> str:
    """The verified peer's common name; empty when it showed no certificate or one not fit to carry it."""
    certificate: dict[str, Any] = connection.getpeercert() or {}
    name = _common_name(certificate, "subject")
    return name if may_carry(_common_name(certificate, "issuer"), name) else ""

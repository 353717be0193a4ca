"""What all our certificates are made of, whatever their keys. Source: RFC 5280."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey


def name_of(common_name: str) -> x509.Name:
    """A name that is a common name alone."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def pem(certificate: x509.Certificate) -> str:
    """A certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def digest(certificate_pem: str) -> str:
    """SHA-256 of a certificate, hexadecimal, as of the bytes that TLS sends."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    return certificate.fingerprint(SHA256()).hex()


def serial_number(content: bytes) -> int:
    """A serial number that follows from what is certified: the same certificate has the same one."""
    return int.from_bytes(hashlib.sha256(content).digest()[:16], "big") | 1


def with_extensions(
    builder: x509.CertificateBuilder,
    public: PublicKey,
    issuer: PublicKey,
    authority: bool,
    path_length: int | None,
) -> x509.CertificateBuilder:
    """Say what the key may do, and whose it and its issuer's are.

    Args:
        authority: it signs certificates, and nothing else; else it signs anything but certificates.
        path_length: how many authorities may stand below it; None: no limit, or no authority.
    """
    usage = x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        builder.add_extension(x509.BasicConstraints(authority, path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
    )

"""Certificates for others than our own programs, by small authorities, each for one kind of service.

Browsers know no Ed25519, so these are ECDSA P-256. They derive from the seed like the site's own one, and are
the same bytes each time: RFC 6979 takes the chance out of their signatures.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from piston_iac.trust.authority import Identity
from piston_iac.trust.certificates import name_of, pem, serial_number, with_extensions
from piston_iac.trust.derive import HoldsSecret, derive
from piston_iac.trust.secret import Secret

_CURVE = ec.SECP256R1()
# Order of the curve's group (FIPS 186-4, D.1.2.3): a private key is 1 to this less 1.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# 16 bytes more than the order has, so that the remainder has no bias worth the name (FIPS 186-4, B.4.1).
_KEY_BYTES = 48
_NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
_CA_LAST = datetime(2060, 1, 1, tzinfo=UTC)
_LEAF_DAYS = 40 * 365


class Kind(StrEnum):
    """What an authority vouches for: the APIs and the dashboard; nodes that give each other machines."""

    WEB = "web"
    MIGRATION = "migration"


def authority(seed: HoldsSecret, site: str, kind: Kind) -> str:
    """The certificate, PEM, that the other side is to trust."""
    key, name = _key(seed, f"{kind}-ca/{site}"), _authority_name(site, kind)
    return pem(_certificate(name, key, name, key, None, _CA_LAST))


def identity(seed: HoldsSecret, site: str, kind: Kind, name: str, addresses: Iterable[str]) -> Identity:
    """A certificate for these addresses, of a server that may be a client too, and its key."""
    key = _key(seed, f"{kind}/{site}/{name}")
    last = _NOT_BEFORE + timedelta(days=_LEAF_DAYS)
    issuer = _key(seed, f"{kind}-ca/{site}")
    certificate = _certificate(_authority_name(site, kind), issuer, name, key, tuple(addresses), last)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Identity(pem(certificate), Secret(private))


def _authority_name(site: str, kind: Kind) -> str:
    return f"{site} {kind} CA"


def _key(seed: HoldsSecret, purpose: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(derive(seed, purpose, 1, _KEY_BYTES), "big") % (_ORDER - 1) + 1
    return ec.derive_private_key(number, _CURVE)


def _certificate(
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    addresses: tuple[str, ...] | None,
    last: datetime,
) -> x509.Certificate:
    """A certificate; `addresses` None makes it an authority's."""
    public = key.public_key()
    raw = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    text = f"{issuer}/{name}/{last.isoformat()}/{addresses}/".encode() + raw
    is_authority = addresses is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(name))
        .issuer_name(name_of(issuer))
        .public_key(public)
        .serial_number(serial_number(text))
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(last)
    )
    builder = with_extensions(
        builder, public, issuer_key.public_key(), is_authority, 0 if is_authority else None
    )
    if addresses is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(text)) for text in addresses])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(names, critical=False).add_extension(usage, critical=False)
    return builder.sign(issuer_key, SHA256(), ecdsa_deterministic=True)

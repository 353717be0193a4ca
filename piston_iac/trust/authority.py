"""The site's certificate authorities and the identities they sign. Ed25519 throughout.

The site CA signs the operator, the boot node and the node CA; the node CA, which the boot node
holds, signs nodes alone. Keys of the first three derive from the seed, so that nothing has to be
kept; their certificates are the same bytes each time they are made. Source: RFC 5280, RFC 8410.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from piston_iac.trust.certificates import name_of, pem, serial_number, with_extensions
from piston_iac.trust.derive import HoldsSecret, derive
from piston_iac.trust.secret import Secret

# Fixed dates, because a machine whose clock battery is dead must still be able to enrol, and because
# the same seed has to give the same certificate.
_NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(2060, 1, 1, tzinfo=UTC)

OPERATOR = "operator"
BOOTD = "bootd"
_NODE_CA = "node CA"
_NODE_PREFIX = "node:"


def node_peer_name(node: str) -> str:
    """The common name of a node's certificate."""
    return f"{_NODE_PREFIX}{node}"


def may_carry(issuer: str, common_name: str) -> bool:
    """Whether an authority of that name may vouch for that name: the node CA for nodes and no one else.

    Without this rule a stolen boot node could sign itself an operator.
    """
    return common_name.startswith(_NODE_PREFIX) == issuer.endswith(_NODE_CA)


@dataclass(frozen=True)
class Identity:
    """A certificate (leaf first, then its chain up to but without the site CA) and its key, as PEM."""

    certificate_pem: str
    key_pem: Secret


def _key_pem(key: Ed25519PrivateKey) -> Secret:
    return Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def _serial(issuer: str, subject: str, public: bytes, not_after: datetime) -> int:
    """A serial number that follows from the content: the same certificate has the same one."""
    text = f"{issuer}/{subject}/{not_after.isoformat()}/".encode() + public
    return serial_number(text)


@dataclass(frozen=True)
class Authority:
    """A certificate authority. `chain_pem` is what must travel with a leaf below the site CA."""

    certificate_pem: str
    key: Ed25519PrivateKey
    is_root: bool

    @property
    def chain_pem(self) -> str:
        """Certificates between a leaf and the site CA."""
        return "" if self.is_root else self.certificate_pem

    def key_pem(self) -> Secret:
        """The private key, PEM."""
        return _key_pem(self.key)

    def _sign(
        self,
        common_name: str,
        public: Ed25519PublicKey,
        authority: bool,
        addresses: Iterable[str],
        not_after: datetime,
    ) -> str:
        issuer = x509.load_pem_x509_certificate(self.certificate_pem.encode()).subject
        return _build(issuer, self.key, common_name, public, authority, addresses, not_after)

    def issue(
        self,
        public: Ed25519PublicKey,
        common_name: str,
        addresses: Iterable[str] = (),
        not_after: datetime = _NOT_AFTER,
    ) -> str:
        """Sign a leaf certificate for client and server use; returns it with its chain, PEM."""
        return self._sign(common_name, public, False, addresses, not_after) + self.chain_pem

    def issue_for_request(
        self, csr_pem: str, common_name: str, addresses: Iterable[str] = (), days: int = 3650
    ) -> str:
        """Sign a request. The name is the caller's word, never the request's.

        Raises:
            ValueError: the request is not readable, not Ed25519 or not signed by its own key.
        """
        request = x509.load_pem_x509_csr(csr_pem.encode())
        public = request.public_key()
        if not isinstance(public, Ed25519PublicKey) or not request.is_signature_valid:
            raise ValueError("not a valid Ed25519 certificate request")
        until = datetime.now(UTC) + timedelta(days=days)
        return self.issue(public, common_name, addresses, until.replace(microsecond=0))


def _path_length(issuer: x509.Name, common_name: str, authority: bool) -> int | None:
    """The node CA signs leaves alone: no authority below it. The root has no limit, a leaf no length."""
    return 0 if authority and issuer != name_of(common_name) else None


def _build(
    issuer: x509.Name,
    issuer_key: Ed25519PrivateKey,
    common_name: str,
    public: Ed25519PublicKey,
    authority: bool,
    addresses: Iterable[str],
    not_after: datetime,
) -> str:
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(common_name))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(_serial(issuer.rfc4514_string(), common_name, raw, not_after))
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(not_after)
    )
    builder = with_extensions(
        builder, public, issuer_key.public_key(), authority, _path_length(issuer, common_name, authority)
    )
    names = [x509.IPAddress(ip_address(text)) for text in addresses]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return pem(builder.sign(issuer_key, None))


def site_authority(seed: HoldsSecret, site: str) -> Authority:
    """The site's root CA."""
    key = Ed25519PrivateKey.from_private_bytes(derive(seed, f"ca/{site}"))
    name = f"{site} site CA"
    certificate = _build(name_of(name), key, name, key.public_key(), True, (), _NOT_AFTER)
    return Authority(certificate, key, is_root=True)


def node_authority(seed: HoldsSecret, site: str) -> Authority:
    """The CA that the boot node holds to sign nodes."""
    key = Ed25519PrivateKey.from_private_bytes(derive(seed, f"node-ca/{site}"))
    root = site_authority(seed, site)
    return Authority(
        root._sign(f"{site} {_NODE_CA}", key.public_key(), True, (), _NOT_AFTER), key, is_root=False
    )


def load_authority(certificate_pem: str, key_pem: HoldsSecret) -> Authority:
    """An intermediate CA from its files.

    Raises:
        ValueError: the key is not an Ed25519 key in PEM.
    """
    key = load_pem_private_key(key_pem.get_secret_value().encode(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the CA key is not an Ed25519 key")
    return Authority(certificate_pem, key, is_root=False)


def _derived_identity(seed: HoldsSecret, site: str, common_name: str, addresses: Iterable[str]) -> Identity:
    key = Ed25519PrivateKey.from_private_bytes(derive(seed, f"identity/{site}/{common_name}"))
    certificate = site_authority(seed, site).issue(key.public_key(), common_name, addresses)
    return Identity(certificate, _key_pem(key))


def operator_identity(seed: HoldsSecret, site: str) -> Identity:
    """Who drivers are when they call the boot node and the agents."""
    return _derived_identity(seed, site, OPERATOR, ())


def bootd_identity(seed: HoldsSecret, site: str, address: str) -> Identity:
    """The boot node's server certificate."""
    return _derived_identity(seed, site, BOOTD, (address,))


def new_request(common_name: str) -> tuple[str, Secret]:
    """A new key and a certificate request for it: (request PEM, key PEM)."""
    key = Ed25519PrivateKey.generate()
    request = x509.CertificateSigningRequestBuilder().subject_name(name_of(common_name)).sign(key, None)
    return request.public_bytes(Encoding.PEM).decode(), _key_pem(key)


def certificate_digest(certificate_pem: str) -> str:
    """SHA-256 of the first certificate's DER, hexadecimal: what the kernel command line pins."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()

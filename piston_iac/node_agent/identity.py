"""Who this node is: its certificate and keys, made in memory, kept on the local mirror.

The mirror's directory is 0700 and each file 0600. A half-written identity is none: the certificate is
written last.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from piston_iac.node_agent.files import write_atomically
from piston_iac.trust.authority import Identity, certificate_digest
from piston_iac.trust.secret import Secret

_DIRECTORY = "piston/identity"
_DOCUMENT = "piston/document.sealed"


@dataclass(frozen=True)
class NodeIdentity:
    """Proof of who this node is (`tls`), whom it trusts (`ca_pem`), the key documents are sealed to."""

    ca_pem: str
    tls: Identity
    seal_private: bytes


def load_identity(mirror: Path, ca_digest: str) -> NodeIdentity | None:
    """The identity kept on the mirror; None when there is none or it belongs to another site CA."""
    directory = mirror / _DIRECTORY
    try:
        ca_pem = (directory / "ca.pem").read_text()
        tls = Identity((directory / "node.pem").read_text(), Secret((directory / "node.key").read_text()))
        seal_private = (directory / "seal.key").read_bytes()
        ours = certificate_digest(ca_pem) == ca_digest
    except (OSError, ValueError):
        return None
    return NodeIdentity(ca_pem, tls, seal_private) if ours else None


def store_identity(mirror: Path, identity: NodeIdentity) -> bool:
    """Keep the identity on the mirror; False when it was there."""
    if load_identity(mirror, certificate_digest(identity.ca_pem)) == identity:
        return False
    directory = mirror / _DIRECTORY
    directory.parent.mkdir(mode=0o700, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
    write_atomically(directory / "ca.pem", identity.ca_pem.encode(), 0o600)
    write_atomically(directory / "seal.key", identity.seal_private, 0o600)
    write_atomically(directory / "node.key", identity.tls.key_pem.get_secret_value().encode(), 0o600)
    write_atomically(directory / "node.pem", identity.tls.certificate_pem.encode(), 0o600)
    return True


def load_document(mirror: Path) -> bytes | None:
    """The sealed document kept on the mirror."""
    try:
        return (mirror / _DOCUMENT).read_bytes()
    except OSError:
        return None


def store_document(mirror: Path, sealed: bytes) -> bool:
    """Keep the sealed document on the mirror; False when these very bytes were there."""
    if load_document(mirror) == sealed:
        return False
    path = mirror / _DOCUMENT
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_atomically(path, sealed, 0o600)
    return True


def is_mounted(mirror: Path) -> bool:
    """True when something is mounted there: else what is written would be lost at power-off."""
    return os.path.ismount(mirror)

"""Keys of Ceph's own authentication (cephx), and the cluster's id: both follow from the site's seed.

Source: CryptoKey::encode in Ceph's auth/Crypto.cc: type (1: AES), creation time, length, secret; base64.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import uuid

from piston_iac.trust.derive import HoldsSecret, derive
from piston_iac.trust.secret import Secret

_AES = 1
_SECRET_BYTES = 16
_SHOWN_DIGITS = 12


def cephx_key(seed: HoldsSecret, entity: str, generation: int = 1) -> Secret:
    """The key of one entity, such as `client.admin`, as keyrings hold it. Its creation time is 0."""
    secret = derive(seed, f"cephx/{entity}", generation, _SECRET_BYTES)
    return Secret(base64.b64encode(struct.pack("<HIIH", _AES, 0, 0, len(secret)) + secret).decode())


def key_digest(key: HoldsSecret) -> str:
    """What may be shown of a key, to compare it: the first digits of its SHA-256."""
    return hashlib.sha256(key.get_secret_value().encode()).hexdigest()[:_SHOWN_DIGITS]


def cluster_fsid(seed: HoldsSecret, site: str) -> str:
    """The cluster's id: a version 4 UUID in form, derived, so that it is known before the cluster is."""
    material = derive(seed, f"ceph-fsid/{site}", 1, 16)
    return str(uuid.UUID(bytes=material, version=4))

"""Sealing to one receiver: X25519, HKDF-SHA256, ChaCha20-Poly1305, a fresh sender key each time.

Layout: 32 bytes of the sender's ephemeral public key, then the ciphertext with its tag. The context
(site and node) goes into the key, so a document sealed for one node cannot be passed to another.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
# The key is used for one message only, so a fixed nonce is safe.
_NONCE = bytes(12)


def new_seal_key() -> tuple[bytes, bytes]:
    """A new key pair: 32 bytes private, 32 bytes public."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_seal_key(private: bytes) -> bytes:
    """The public half of a sealing key, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _cipher(shared: bytes, sender: bytes, receiver: bytes, context: bytes) -> ChaCha20Poly1305:
    info = b"piston-iac/seal/1" + sender + receiver + context
    return ChaCha20Poly1305(HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(shared))


def seal(public: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Encrypt for the holder of `public`'s private half."""
    ephemeral = X25519PrivateKey.generate()
    sender = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    return sender + _cipher(shared, sender, public, context).encrypt(_NONCE, plaintext, context)


def unseal(private: bytes, sealed: bytes, context: bytes) -> bytes:
    """Decrypt.

    Raises:
        ValueError: sealed for another key or context, cut short, or altered.
    """
    key = X25519PrivateKey.from_private_bytes(private)
    sender, ciphertext = sealed[:_KEY_BYTES], sealed[_KEY_BYTES:]
    if len(sender) < _KEY_BYTES:
        raise ValueError("sealed data is cut short")
    receiver = key.public_key().public_bytes_raw()
    shared = key.exchange(X25519PublicKey.from_public_bytes(sender))
    try:
        return _cipher(shared, sender, receiver, context).decrypt(_NONCE, ciphertext, context)
    except InvalidTag:
        raise ValueError("sealed for another key or context, or altered") from None

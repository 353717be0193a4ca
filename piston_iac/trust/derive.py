"""Secrets derived from the site's seed: HKDF-SHA256, one context per purpose and generation.

Source: RFC 5869.
"""

from __future__ import annotations

import base64
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from piston_iac.trust.secret import Secret

# No characters that look alike, and none that a BMC's web page or a shell treats as special.
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# IPMI 1.5 sessions, and the reference BMC, cut passwords at 16 bytes. 16 of 56 letters is 93 bits.
_BMC_PASSWORD_LENGTH = 16
_SERVICE_PASSWORD_LENGTH = 32


class HoldsSecret(Protocol):
    """A pydantic SecretStr or our own Secret."""

    def get_secret_value(self) -> str:
        """The text itself."""


def derive(seed: HoldsSecret, purpose: str, generation: int = 1, length: int = 32) -> bytes:
    """Derive `length` bytes for one purpose, such as `bmc/n3`. Another generation: other bytes."""
    info = f"piston-iac/{purpose}/{generation}".encode()
    return HKDF(SHA256(), length, salt=None, info=info).derive(seed.get_secret_value().encode())


def _password(material: bytes) -> Secret:
    # 4 bytes a letter: the bias of the remainder is below one in 70 million.
    letters = (int.from_bytes(material[i : i + 4], "big") for i in range(0, len(material), 4))
    return Secret("".join(_ALPHABET[value % len(_ALPHABET)] for value in letters))


def bmc_password(seed: HoldsSecret, node: str, generation: int) -> Secret:
    """The password of our user on one node's BMC."""
    return _password(derive(seed, f"bmc/{node}", generation, 4 * _BMC_PASSWORD_LENGTH))


def break_glass_password(seed: HoldsSecret, node: str, generation: int) -> Secret:
    """The password of the second administrator on one node's BMC, kept to repair the first."""
    return _password(derive(seed, f"bmc-break-glass/{node}", generation, 4 * _BMC_PASSWORD_LENGTH))


def service_password(seed: HoldsSecret, purpose: str, generation: int = 1) -> Secret:
    """The password of one service for one purpose, such as `database/keystone`."""
    return _password(derive(seed, f"service/{purpose}", generation, 4 * _SERVICE_PASSWORD_LENGTH))


def fernet_key(seed: HoldsSecret, purpose: str, generation: int) -> Secret:
    """A key for Fernet tokens: 32 bytes, base64 for URLs."""
    return Secret(base64.urlsafe_b64encode(derive(seed, f"fernet/{purpose}", generation)).decode())

"""Which texts must never be shown, and how they are taken out of what is shown.

The host learns every secret that passes through it. A driver's error text may quote one (a validation
error prints the value it refused); what leaves the host as text goes through `clean` first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

_SHORTEST = 6  # shorter ones ("ADMIN") would black out ordinary words

_known: set[str] = set()
_lock = threading.Lock()


def learn(secrets: Iterable[str]) -> None:
    """Remember texts that must not be shown."""
    new = {secret for secret in secrets if len(secret) >= _SHORTEST}
    with _lock:
        _known.update(new)


def clean(text: str) -> str:
    """The text with every known secret replaced by `[secret]`."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)  # a secret may contain another one
    for secret in known:
        text = text.replace(secret, "[secret]")
    return text


def one_line(text: str) -> str:
    """The text cleaned and without line breaks, as the engine shows one line for a resource."""
    return " ".join(clean(text).split())

"""One request to an API behind the site's own authority."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, Any

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.access import Access

LIMIT_S = 10.0
_HEALTH_S = 4.0
# OpenSSL's own numbers: one that has ended, and three of another authority. None of them can be the one that
# was made here and is in its time, which the look at the control plane compares.
_OTHERS = frozenset({10, 18, 19, 20})


def ask(
    host: str,
    port: int,
    method: str,
    path: str,
    body: str | bytes | IO[bytes] | None,
    headers: dict[str, str],
    limit_s: float = LIMIT_S,
) -> tuple[int, bytes, Any]:
    """One request: status, body, headers; status 0 when there is no answer."""
    try:
        with _connected(host, port, limit_s) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
    except (OSError, http.client.HTTPException):
        return 0, b"", {}


def health(access: Access, port: int, path: str) -> dict[str, int]:
    """Status at the virtual address, as `address`, and at each control host, by its name.

    `UNTRUSTED` where somebody else's certificate is served, or one that has ended.
    """
    places = {"address": access.address, **access.members}
    with ThreadPoolExecutor(len(places)) as pool:
        codes = pool.map(lambda at: _health(at, port, path), places.values())
        return dict(zip(places, codes, strict=True))


def _health(host: str, port: int, path: str) -> int:
    try:
        with _connected(host, port, _HEALTH_S) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
    except ssl.SSLCertVerificationError as error:
        return layout.UNTRUSTED if error.verify_code in _OTHERS else 0
    except (OSError, http.client.HTTPException):
        return 0


@contextmanager
def _connected(host: str, port: int, limit_s: float) -> Iterator[http.client.HTTPSConnection]:
    context = ssl.create_default_context(cafile=layout.WEB_CA)
    connection = http.client.HTTPSConnection(host, port, timeout=limit_s, context=context)
    try:
        yield connection
    finally:
        connection.close()

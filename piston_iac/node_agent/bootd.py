"""The boot node, as a node sees it: the site CA, enrolment, the sealed document, permits.

The CA comes over plain HTTP and counts only when its digest is the one on the kernel command line; all
else is HTTPS to a peer that this CA calls `bootd`.
"""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from http import HTTPStatus

from piston_iac.trust.authority import BOOTD, Identity, certificate_digest
from piston_iac.trust.tls import client_context, peer_name

_LIMIT_S = 5.0
_MOST_BYTES = 8 * 1024 * 1024


class BootdUnreachable(Exception):
    """No answer, or not from the boot node of this site. It may answer later."""


class BootdRefused(Exception):
    """The boot node answered and said no; the text is its reason."""


@dataclass(frozen=True)
class Bootd:
    """Where the boot node listens."""

    address: str
    http_port: int = 8080
    https_port: int = 9442

    def fetch_ca(self, digest: str) -> str:
        """The site CA's certificate, PEM.

        Raises:
            BootdUnreachable: no answer, or another CA than the one this node was told to trust.
        """
        connection = http.client.HTTPConnection(self.address, self.http_port, timeout=_LIMIT_S)
        pem = _ask(connection, "GET", "/ca.pem").decode(errors="replace")
        try:
            found = certificate_digest(pem)
        except ValueError:
            found = "unreadable"
        if found != digest:
            raise BootdUnreachable(
                f"the CA at {self.address} ({found[:16]}…) is not the one of the boot script"
            )
        return pem

    def enrol(self, ca_pem: str, request: dict[str, str]) -> str:
        """Have a certificate signed; returns it with its chain, PEM.

        Raises:
            BootdUnreachable: no answer.
            BootdRefused: no deploy of this machine is under way.
        """
        answer = json.loads(self._call(ca_pem, None, "POST", "/v1/enrol", json.dumps(request).encode()))
        return _chain(answer["certificate_pem"], answer.get("chain_pem", ""))

    def fetch_document(self, ca_pem: str, identity: Identity, node: str) -> bytes | None:
        """The sealed document of this node; None while there is none.

        Raises:
            BootdUnreachable: no answer.
            BootdRefused: it does not take us for this node.
        """
        try:
            return self._call(ca_pem, identity, "GET", f"/v1/documents/{node}")
        except _NotThere:
            return None

    def use_permit(self, ca_pem: str, identity: Identity, purpose: str, token: str) -> None:
        """Use up this node's permit: after this the token counts no more, whatever becomes of the node.

        An answer that is lost on the way has used it up too: the operator then issues another.

        Raises:
            BootdUnreachable: no answer.
            BootdRefused: the token does not count, or not for this node.
        """
        self._call(
            ca_pem, identity, "POST", f"/v1/permits/{purpose}/use", json.dumps({"token": token}).encode()
        )

    def _call(self, ca_pem: str, identity: Identity | None, verb: str, path: str, body: bytes = b"") -> bytes:
        context = client_context(ca_pem, identity)
        connection = _ToBootd(self.address, self.https_port, timeout=_LIMIT_S, context=context)
        return _ask(connection, verb, path, body)


class _NotThere(BootdRefused):
    """404."""


class _ToBootd(http.client.HTTPSConnection):
    """Goes on only when the peer is the boot node."""

    def connect(self) -> None:
        """Connect and compare the peer's name."""
        super().connect()
        name = peer_name(self.sock) if isinstance(self.sock, ssl.SSLSocket) else ""
        if name != BOOTD:
            self.close()
            raise BootdUnreachable(f"the peer at {self.host} is {name or 'nobody'}, not {BOOTD}")


def _ask(connection: http.client.HTTPConnection, verb: str, path: str, body: bytes = b"") -> bytes:
    headers = {"Content-Type": "application/json"} if body else {}
    try:
        connection.request(verb, path, body or None, headers)
        response = connection.getresponse()
        content = response.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise BootdUnreachable(f"no answer from the boot node {connection.host}: {error}") from error
    finally:
        connection.close()
    if response.status == HTTPStatus.OK:
        return content
    refused = _NotThere if response.status == HTTPStatus.NOT_FOUND else BootdRefused
    raise refused(_reason(response.status, content))


def _reason(status: int, content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {status}"


def _chain(leaf: str, chain: str) -> str:
    """The leaf with its chain, each certificate once: the leaf may come with it already."""
    return leaf if not chain or chain.strip() in leaf else f"{leaf.rstrip()}\n{chain}"

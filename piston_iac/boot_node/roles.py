"""Who is calling: the common name of the verified client certificate, and what it may do."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from piston_iac.boot_node.answers import Refused
from piston_iac.trust.authority import OPERATOR, node_peer_name
from piston_iac.trust.tls import peer_name


def caller(request: web.Request) -> str:
    """The peer's common name.

    Raises:
        Refused: 401, it showed no certificate of this site.
    """
    connection = request.get_extra_info("ssl_object")
    name = peer_name(connection) if connection is not None else ""
    if not name:
        raise Refused(HTTPStatus.UNAUTHORIZED, "a client certificate of this site is needed")
    return name


def require_operator(request: web.Request) -> str:
    """The peer's name, which is the operator's.

    Raises:
        Refused: 401 or 403.
    """
    name = caller(request)
    if name != OPERATOR:
        raise Refused(HTTPStatus.FORBIDDEN, f"{name} is not the operator")
    return name


def require_node(request: web.Request, node: str) -> str:
    """The peer's name, which is that node's own.

    Raises:
        Refused: 401 or 403.
    """
    name = caller(request)
    if name != node_peer_name(node):
        raise Refused(HTTPStatus.FORBIDDEN, f"{name} may not act as node {node}")
    return name


def require_reader_of(request: web.Request, node: str) -> str:
    """The peer's name, which is that node's or the operator's.

    Raises:
        Refused: 401 or 403.
    """
    name = caller(request)
    if name not in (OPERATOR, node_peer_name(node)):
        raise Refused(HTTPStatus.FORBIDDEN, f"{name} may not read the document of {node}")
    return name

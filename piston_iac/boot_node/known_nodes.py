"""Which nodes the operator may give something to: those that the settings name."""

from __future__ import annotations

from http import HTTPStatus

from piston_iac.boot_node.answers import Refused
from piston_iac.boot_node.settings import HostKind, Settings


def require_known_node(settings: Settings | None, node: str, mac: str | None = None) -> None:
    """Go on only when the settings know that node, with that boot card when `mac` is given.

    Raises:
        Refused: 409, they do not.
    """
    host = settings.host(node, HostKind.NODE) if settings else None
    if host is None or (mac is not None and host.mac != mac):
        with_card = f" with boot card {mac}" if mac else ""
        raise Refused(HTTPStatus.CONFLICT, f"the settings know no node {node}{with_card}")

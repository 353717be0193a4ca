"""HTTP on port 8080: boot scripts, images and the status page. Nothing secret passes here."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from http import HTTPStatus

from aiohttp import web

from piston_iac.boot_node.answers import Refused, errors_as_json
from piston_iac.boot_node.boot_script import boot_script
from piston_iac.boot_node.core import BootNode
from piston_iac.boot_node.status_page import status_page

# What yields to loss. With BBR, a common default, five nodes that boot at once lost a third of all segments
# in a switch with small buffers, and now and then one starved; with this one it was a fiftieth, as fast.
_CONGESTION_CONTROL = b"cubic"


def _yield_to_others(request: web.Request) -> None:
    """Choose the congestion control of this connection; a kernel without it keeps its own."""
    connection = request.transport.get_extra_info("socket") if request.transport else None
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _CONGESTION_CONTROL)


class PlainHttp:
    """Handlers of the plain HTTP side."""

    def __init__(self, boot_node: BootNode) -> None:
        self._boot_node = boot_node

    async def boot(self, request: web.Request) -> web.Response:
        """GET /boot/<mac>: the iPXE script of the node with that boot card."""
        settings = self._boot_node.settings
        mac = request.match_info["mac"]
        node = settings.node_by_mac(mac) if settings else None
        if settings is None or node is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"no node boots from {mac}")
        return web.Response(text=boot_script(settings, node, self._boot_node.ca_digest))

    async def release_file(self, request: web.Request) -> web.StreamResponse:
        """GET /releases/<release>/<file>: the bytes, with ranges."""
        release, name = request.match_info["release"], request.match_info["file"]
        path = self._boot_node.releases.path(release, name)
        if path is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"no file {release}/{name}")
        _yield_to_others(request)
        return web.FileResponse(path)

    async def ca(self, request: web.Request) -> web.Response:
        """GET /ca.pem: the site CA; nodes compare its digest with their kernel command line."""
        return web.Response(text=self._boot_node.cloudkey.ca_pem, content_type="application/x-pem-file")

    async def status(self, request: web.Request) -> web.Response:
        """GET /: the status page."""
        boot_node = self._boot_node
        releases = await asyncio.to_thread(boot_node.releases.all)
        page = status_page(
            boot_node.cloudkey.site,
            boot_node.settings,
            boot_node.enrolments.all(),
            boot_node.windows.left_s(),
            set(boot_node.documents.digests()),
            releases,
        )
        return web.Response(text=page, content_type="text/html")


def plain_http(boot_node: BootNode) -> web.Application:
    """The application for port 8080."""
    handlers = PlainHttp(boot_node)
    application = web.Application(middlewares=[errors_as_json])
    application.add_routes(
        [
            web.get("/", handlers.status),
            web.get("/ca.pem", handlers.ca),
            web.get("/boot/{mac}", handlers.boot),
            web.get("/releases/{release}/{file}", handlers.release_file),
        ]
    )
    return application

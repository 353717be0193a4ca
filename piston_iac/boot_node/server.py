"""The two servers: plain HTTP and HTTPS with client certificates."""

from __future__ import annotations

from aiohttp import web

from piston_iac.boot_node.answers import errors_as_json
from piston_iac.boot_node.api import OperatorApi
from piston_iac.boot_node.core import BootNode
from piston_iac.boot_node.node_api import NodeApi
from piston_iac.boot_node.permit_api import PermitApi
from piston_iac.boot_node.plain_http import plain_http
from piston_iac.trust.tls import server_context

# Node documents and settings are the largest bodies held in memory; releases are streamed.
_BODY_BYTES = 16 << 20
# Under systemd's 90 s, so that a node in the middle of a download does not hold up a restart.
_SHUTDOWN_S = 3.0


def https(boot_node: BootNode) -> web.Application:
    """The application for port 9442."""
    operator, node, permits = OperatorApi(boot_node), NodeApi(boot_node), PermitApi(boot_node)
    application = web.Application(middlewares=[errors_as_json], client_max_size=_BODY_BYTES)
    application.add_routes(
        [
            web.get("/v1/state", operator.state),
            web.get("/v1/journal", operator.journal),
            web.put("/v1/settings", operator.put_settings),
            web.put("/v1/releases/{release}/{file}", operator.put_release_file),
            web.delete("/v1/releases/{release}", operator.delete_release),
            web.post("/v1/windows", operator.open_window),
            web.delete("/v1/windows/{node}", operator.close_window),
            web.post("/v1/enrol", node.enrol),
            web.get("/v1/documents/{node}", node.document),
            web.put("/v1/documents/{node}", operator.put_document),
            web.delete("/v1/documents/{node}", operator.delete_document),
            web.post("/v1/lease", operator.take_lease),
            web.delete("/v1/lease", operator.give_back_lease),
            web.post("/v1/permits/{purpose}", permits.issue),
            web.post("/v1/permits/{purpose}/use", permits.use),
            web.post("/v1/permits/{purpose}/finish", permits.finish),
            web.delete("/v1/permits/{purpose}", permits.delete),
        ]
    )
    return application


class Servers:
    """Both servers on the management address. Ports in TCP's usual numbers."""

    def __init__(self, boot_node: BootNode, http_port: int, https_port: int) -> None:
        cloudkey = boot_node.cloudkey
        self._address = cloudkey.address
        self._context = server_context(cloudkey.ca_pem, cloudkey.identity, require_client=False)
        self._parts = [
            (_runner(plain_http(boot_node)), http_port, None),
            (_runner(https(boot_node)), https_port, self._context),
        ]

    async def start(self) -> None:
        """Listen."""
        for runner, port, context in self._parts:
            await runner.setup()
            await web.TCPSite(runner, self._address, port, ssl_context=context).start()

    async def stop(self) -> None:
        """Stop listening and end what is open."""
        for runner, _, _ in self._parts:
            await runner.cleanup()


def _runner(application: web.Application) -> web.AppRunner:
    return web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)

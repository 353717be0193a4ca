"""HTTPS for permits: the operator issues, closes and forgets them; the node that one is for uses it up."""

from __future__ import annotations

from aiohttp import web

from piston_iac.boot_node.answers import json_object, text_field
from piston_iac.boot_node.core import BootNode
from piston_iac.boot_node.known_nodes import require_known_node
from piston_iac.boot_node.permits import require_purpose
from piston_iac.boot_node.roles import caller, require_node, require_operator


class PermitApi:
    """Handlers of /v1/permits. No await stands between a look at a permit and its change."""

    def __init__(self, boot_node: BootNode) -> None:
        self._boot_node = boot_node

    async def issue(self, request: web.Request) -> web.Response:
        """POST /v1/permits/<purpose>: a token for one node."""
        who = require_operator(request)
        purpose = require_purpose(request.match_info["purpose"])
        body = await json_object(request)
        node = text_field(body, "node")
        instead_of = text_field({"instead_of": "", **body}, "instead_of")
        require_known_node(self._boot_node.settings, node)
        token, new = self._boot_node.permits.issue(purpose, node, instead_of)
        if new:
            self._boot_node.journal.wrote(who, f"issued permit {purpose} to {node}")
        return web.json_response({"token": token})

    async def use(self, request: web.Request) -> web.Response:
        """POST /v1/permits/<purpose>/use: the token counts this once."""
        who = caller(request)
        purpose = require_purpose(request.match_info["purpose"])
        token = text_field(await json_object(request), "token")
        holder = self._boot_node.permits.holder(purpose)
        if holder is not None:
            require_node(request, holder)
        self._boot_node.permits.use(purpose, token)
        self._boot_node.journal.wrote(who, f"used permit {purpose}")
        return web.json_response({})

    async def finish(self, request: web.Request) -> web.Response:
        """POST /v1/permits/<purpose>/finish: it is never issued again."""
        who = require_operator(request)
        purpose = require_purpose(request.match_info["purpose"])
        changed = self._boot_node.permits.finish(purpose)
        if changed:
            self._boot_node.journal.wrote(who, f"finished permit {purpose}")
        return web.json_response({"changed": changed})

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /v1/permits/<purpose>: what it was for may happen again."""
        who = require_operator(request)
        purpose = require_purpose(request.match_info["purpose"])
        changed = self._boot_node.permits.delete(purpose)
        if changed:
            self._boot_node.journal.wrote(who, f"deleted permit {purpose}")
        return web.json_response({"changed": changed})

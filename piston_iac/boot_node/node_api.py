"""HTTPS for nodes: enrolment, and reading one's own document."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from piston_iac.boot_node.answers import Refused, json_object
from piston_iac.boot_node.core import BootNode
from piston_iac.boot_node.enrolment import (
    Enrolled,
    EnrolRequest,
    address_refusal,
    parse_request,
    window_refusal,
)
from piston_iac.boot_node.roles import require_reader_of

# Anybody on the management network may call: a stranger must not fill the memory.
_BODY_BYTES = 16 << 10


class NodeApi:
    """Handlers that nodes call."""

    def __init__(self, boot_node: BootNode) -> None:
        self._boot_node = boot_node

    async def enrol(self, request: web.Request) -> web.Response:
        """POST /v1/enrol: sign a certificate for a machine whose deploy is under way."""
        if (request.content_length or 0) not in range(1, _BODY_BYTES):
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "an enrolment is shorter, and says its length")
        asked = parse_request(await json_object(request))
        peer = request.remote or ""
        refusal = address_refusal(asked, self._boot_node.settings, peer)
        if refusal:
            raise Refused(HTTPStatus.FORBIDDEN, refusal)
        answer = self._boot_node.enrolments.repeated(asked) or self._enrol(asked, peer)
        chain = self._boot_node.cloudkey.node_authority.chain_pem
        return web.json_response({"certificate_pem": answer.certificate_pem, "chain_pem": chain})

    def _enrol(self, asked: EnrolRequest, peer: str) -> Enrolled:
        boot_node = self._boot_node
        refusal = window_refusal(asked, boot_node.windows.machine(asked.node))
        if refusal:
            raise Refused(HTTPStatus.FORBIDDEN, refusal)
        before = boot_node.enrolments.all().get(asked.node)
        answer = boot_node.enrolments.sign(asked, peer)
        boot_node.windows.close(asked.node)
        if before and before.seal_key != asked.seal_key:
            # Sealed to a key that is gone: better no document than one that cannot be opened.
            boot_node.documents.delete(asked.node)
        boot_node.journal.wrote(f"machine {asked.machine.mac}", f"enrolled {asked.node}")
        return answer

    async def document(self, request: web.Request) -> web.Response:
        """GET /v1/documents/<node>: sealed bytes."""
        node = request.match_info["node"]
        require_reader_of(request, node)
        sealed = self._boot_node.documents.get(node)
        if sealed is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"no document for {node} yet")
        return web.Response(body=sealed, content_type="application/octet-stream")

"""HTTPS for the operator: settings, releases, windows, documents, the lease."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus

from aiohttp import web

from piston_iac.boot_node.answers import Refused, json_object, seconds_field, text_field
from piston_iac.boot_node.core import BootNode
from piston_iac.boot_node.known_nodes import require_known_node
from piston_iac.boot_node.releases import Upload
from piston_iac.boot_node.roles import require_operator
from piston_iac.boot_node.settings import InvalidSettings, parse_settings
from piston_iac.boot_node.windows import machine
from piston_iac.trust.gate import HEADER, parse_token

_LONGEST_WINDOW_S = 24 * 3600
_LONGEST_LEASE_S = 3600
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20


def _done(changed: bool) -> web.Response:
    return web.json_response({"changed": changed})


class OperatorApi:
    """Handlers that only the operator may call."""

    def __init__(self, boot_node: BootNode) -> None:
        self._boot_node = boot_node

    async def state(self, request: web.Request) -> web.Response:
        """GET /v1/state."""
        require_operator(request)
        return web.json_response(await self._boot_node.state())

    async def journal(self, request: web.Request) -> web.Response:
        """GET /v1/journal: what was changed here last, by whom."""
        require_operator(request)
        journal = self._boot_node.journal
        entries = await asyncio.to_thread(journal.entries)
        return web.json_response({"writes": journal.writes, "entries": entries})

    async def put_settings(self, request: web.Request) -> web.Response:
        """PUT /v1/settings."""
        who = require_operator(request)
        raw = await json_object(request)
        try:
            settings = parse_settings(raw)
        except InvalidSettings as error:
            raise Refused(HTTPStatus.BAD_REQUEST, f"settings: {error}") from error
        cloudkey = self._boot_node.cloudkey
        if (settings.site, settings.address, settings.cidr) != (
            cloudkey.site,
            cloudkey.address,
            cloudkey.cidr,
        ):
            raise Refused(
                HTTPStatus.CONFLICT,
                f"this boot node's CloudKey is of site {cloudkey.site}, {cloudkey.interface_address()}",
            )
        writes = self._boot_node.journal.writes
        await self._boot_node.put_settings(raw, settings, who)
        return _done(self._boot_node.journal.writes > writes)

    async def put_release_file(self, request: web.Request) -> web.Response:
        """PUT /v1/releases/<release>/<file>: streamed to disk, verified, then moved into place."""
        who = require_operator(request)
        release, name = request.match_info["release"], request.match_info["file"]
        promised = request.headers.get("X-Sha256", "")
        if not _SHA256.fullmatch(promised):
            raise Refused(HTTPStatus.BAD_REQUEST, "header X-Sha256 is not a SHA-256 digest")
        releases = self._boot_node.releases
        upload = releases.begin(release, name)
        try:
            await _receive(request, upload)
            changed = await asyncio.to_thread(releases.finish, upload, release, name, promised)
        finally:
            releases.drop(upload)
        if changed:
            self._boot_node.journal.wrote(who, f"release file {release}/{name}")
        return _done(changed)

    async def delete_release(self, request: web.Request) -> web.Response:
        """DELETE /v1/releases/<release>: refused while nodes boot from it."""
        who = require_operator(request)
        release = request.match_info["release"]
        settings = self._boot_node.settings
        if settings and settings.release == release:
            raise Refused(HTTPStatus.CONFLICT, f"release {release} is in use")
        changed = await asyncio.to_thread(self._boot_node.releases.delete, release)
        if changed:
            self._boot_node.journal.wrote(who, f"deleted release {release}")
        return _done(changed)

    async def open_window(self, request: web.Request) -> web.Response:
        """POST /v1/windows: a deploy of that machine is under way."""
        who = require_operator(request)
        body = await json_object(request)
        node, mac = text_field(body, "node"), text_field(body, "mac")
        seconds = seconds_field(body, "seconds", _LONGEST_WINDOW_S)
        wanted = machine(mac, text_field(body, "hardware_uuid"))
        require_known_node(self._boot_node.settings, node, wanted.mac)
        changed = self._boot_node.windows.open(node, wanted, seconds)
        if changed:
            self._boot_node.journal.wrote(who, f"opened window of {node}")
        return _done(changed)

    async def close_window(self, request: web.Request) -> web.Response:
        """DELETE /v1/windows/<node>."""
        who = require_operator(request)
        node = request.match_info["node"]
        changed = self._boot_node.windows.close(node)
        if changed:
            self._boot_node.journal.wrote(who, f"closed window of {node}")
        return _done(changed)

    async def put_document(self, request: web.Request) -> web.Response:
        """PUT /v1/documents/<node>: replace its sealed document. A token of the gate has to be the newest."""
        who = require_operator(request)
        node = request.match_info["node"]
        require_known_node(self._boot_node.settings, node)
        try:
            token = parse_token(request.headers.get(HEADER))
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        if token is not None:
            self._boot_node.leases.require_newest(token)
        changed = self._boot_node.documents.put(node, await request.read())
        if changed:
            self._boot_node.journal.wrote(who, f"document of {node}")
        return _done(changed)

    async def delete_document(self, request: web.Request) -> web.Response:
        """DELETE /v1/documents/<node>."""
        who = require_operator(request)
        node = request.match_info["node"]
        changed = self._boot_node.documents.delete(node)
        if changed:
            self._boot_node.journal.wrote(who, f"deleted document of {node}")
        return _done(changed)

    async def take_lease(self, request: web.Request) -> web.Response:
        """POST /v1/lease: take it, or renew it with the token of the last grant."""
        who = require_operator(request)
        body = await json_object(request)
        holder, seconds = text_field(body, "holder"), seconds_field(body, "seconds", _LONGEST_LEASE_S)
        token, new = self._boot_node.leases.take(holder, seconds, _token(body))
        if new:
            self._boot_node.journal.wrote(who, f"lease {token} to {holder}")
        return web.json_response({"token": token})

    async def give_back_lease(self, request: web.Request) -> web.Response:
        """DELETE /v1/lease."""
        who = require_operator(request)
        body = await json_object(request)
        holder, token = text_field(body, "holder"), _token(body)
        if token is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "token is missing")
        changed = self._boot_node.leases.give_back(holder, token)
        if changed:
            self._boot_node.journal.wrote(who, f"lease {token} back from {holder}")
        return _done(changed)


def _token(body: dict[str, object]) -> int | None:
    token = body.get("token")
    if token is None or (isinstance(token, int) and not isinstance(token, bool)):
        return token
    raise Refused(HTTPStatus.BAD_REQUEST, "token is not a whole number")


async def _receive(request: web.Request, upload: Upload) -> None:
    """Take in the body. Small network reads are gathered, so that the disk is not asked for each."""
    gathered = bytearray()
    async for chunk in request.content.iter_any():
        gathered += chunk
        if len(gathered) >= _CHUNK_BYTES:
            await asyncio.to_thread(upload.write, bytes(gathered))
            gathered.clear()
    await asyncio.to_thread(upload.write, bytes(gathered))

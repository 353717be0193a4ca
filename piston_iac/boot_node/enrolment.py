"""Enrolment: a machine that has no certificate yet asks to become a node.

It may while a deploy of that very machine is under way, from the address that DHCP reserves for it.
The certificate's name is ours, never the request's.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from piston_iac.boot_node.answers import Refused, text_field
from piston_iac.boot_node.settings import Settings
from piston_iac.boot_node.store import read_json, write_json
from piston_iac.boot_node.windows import Machine, machine
from piston_iac.trust.authority import Authority, node_peer_name

_SEAL_KEY = re.compile(r"[0-9a-f]{64}")
# A request for an Ed25519 key takes about 300 bytes.
_CSR_LIMIT = 4096


@dataclass(frozen=True)
class EnrolRequest:
    """What a machine says of itself. `seal_key`: its X25519 public key, hexadecimal."""

    node: str
    machine: Machine
    boot_id: str
    csr_pem: str
    seal_key: str


@dataclass(frozen=True)
class Enrolled:
    """A node that has a certificate. `csr_digest` finds a repeated request."""

    mac: str
    hardware_uuid: str
    boot_id: str
    seal_key: str
    csr_digest: str
    certificate_pem: str

    def public(self) -> dict[str, str]:
        """What the operator is told."""
        return {name: getattr(self, name) for name in ("mac", "seal_key", "hardware_uuid", "boot_id")}


def parse_request(body: dict[str, Any]) -> EnrolRequest:
    """Read a request.

    Raises:
        Refused: 400, a field is missing or not what it should be.
    """
    names = ("node", "mac", "hardware_uuid", "boot_id", "csr_pem", "seal_key")
    fields = {name: text_field(body, name) for name in names}
    if not _SEAL_KEY.fullmatch(fields["seal_key"]) or len(fields["csr_pem"]) > _CSR_LIMIT:
        raise Refused(HTTPStatus.BAD_REQUEST, "seal_key is not 32 bytes in hexadecimal, or csr_pem too long")
    who = machine(fields["mac"], fields["hardware_uuid"])
    return EnrolRequest(fields["node"], who, fields["boot_id"], fields["csr_pem"], fields["seal_key"])


def address_refusal(request: EnrolRequest, settings: Settings | None, peer_address: str) -> str:
    """Why the peer cannot be that node; empty when it can."""
    host = settings.host(request.node) if settings else None
    if host is None:
        return f"the settings know no node {request.node}"
    if host.mac != request.machine.mac:
        return f"{request.node} boots from card {host.mac}, not from {request.machine.mac}"
    if host.address != peer_address:
        return f"{request.node} has address {host.address}, but {peer_address} asks"
    return ""


def window_refusal(request: EnrolRequest, window: Machine | None) -> str:
    """Why no certificate may be signed now; empty when one may."""
    if window is None:
        return f"no deploy of {request.node} is under way"
    if not window.admits(request.machine):
        return f"the deploy of {request.node} under way is for another machine"
    return ""


class Enrolments:
    """Which nodes have a certificate, and the signing of new ones. Kept in `path`."""

    def __init__(self, path: Path, authority: Authority) -> None:
        self._path = path
        self._authority = authority
        self._enrolled = {node: Enrolled(**raw) for node, raw in (read_json(path) or {}).items()}

    def all(self) -> dict[str, Enrolled]:
        """Enrolled nodes by name."""
        return dict(self._enrolled)

    def repeated(self, request: EnrolRequest) -> Enrolled | None:
        """The earlier answer to this very request, whose reply may have been lost on the way."""
        before = self._enrolled.get(request.node)
        same = before is not None and before.csr_digest == _digest(request.csr_pem)
        return before if same else None

    def sign(self, request: EnrolRequest, address: str) -> Enrolled:
        """Sign and remember.

        Raises:
            Refused: 400, the request is not a valid one.
        """
        try:
            certificate = self._authority.issue_for_request(
                request.csr_pem, node_peer_name(request.node), (address,)
            )
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        enrolled = Enrolled(
            mac=request.machine.mac,
            hardware_uuid=request.machine.hardware_uuid,
            boot_id=request.boot_id,
            seal_key=request.seal_key,
            csr_digest=_digest(request.csr_pem),
            certificate_pem=certificate,
        )
        self._enrolled[request.node] = enrolled
        write_json(self._path, {node: asdict(one) for node, one in self._enrolled.items()})
        return enrolled


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""Driver of the boot node: piston-bootd's HTTPS interface. Durations in seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.devices.site_https import SitePeer
from piston_iac.errors import DeviceRefused, Interrupted, TimedOut
from piston_iac.trust.authority import BOOTD, Identity
from piston_iac.trust.gate import gate_headers

_PORT = 9442
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class StoredFile:
    """A file of a release on the boot node's disk, as its bytes are now. Size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class StoredRelease:
    """`complete`: every file that its manifest lists is there, unaltered."""

    complete: bool
    files: dict[str, StoredFile]


@dataclass(frozen=True)
class EnrolledNode:
    """A node whose key the boot node signed. `seal_key`: X25519 public key, hexadecimal."""

    mac: str
    seal_key: str
    hardware_uuid: str
    boot_id: str


@dataclass(frozen=True)
class HeldLease:
    """The lease in force: who holds it, its fencing token, seconds left."""

    holder: str
    token: int
    left_s: float


@dataclass(frozen=True)
class HeldPermit:
    """A single-use permit. `state` is `issued`, `used` or `finished`; `node` is whose it is or was."""

    node: str
    state: str


@dataclass(frozen=True)
class LeaseTaken:
    """The lease is ours, with this fencing token."""

    token: int


@dataclass(frozen=True)
class LeaseRefused:
    """It is not ours. `holder` has it; empty when our own was given up meanwhile."""

    holder: str


@dataclass(frozen=True)
class BootNodeState:
    """Everything the boot node says of itself.

    `settings` as they were put, None before the first time. `documents`: SHA-256 of each node's sealed
    document. `windows`: seconds left. `permits`: by purpose. `clock`: `synchronised`, `offset_s` and
    `source`. `writes` counts what was ever changed.
    """

    settings: dict[str, Any] | None
    services: dict[str, str]
    releases: dict[str, StoredRelease]
    documents: dict[str, str]
    enrolled: dict[str, EnrolledNode]
    windows: dict[str, float]
    lease: HeldLease | None
    permits: dict[str, HeldPermit]
    clock: dict[str, Any]
    writes: int
    boot_id: str


def parse_state(raw: dict[str, Any]) -> BootNodeState:
    """Read GET /v1/state.

    Raises:
        ValueError: a field is missing or unknown (a boot node of another release).
    """
    try:
        releases = {
            name: StoredRelease(
                entry["complete"], {file: StoredFile(**it) for file, it in entry["files"].items()}
            )
            for name, entry in raw["releases"].items()
        }
        return BootNodeState(
            settings=raw["settings"],
            services=raw["services"],
            releases=releases,
            documents=raw["documents"],
            enrolled={node: EnrolledNode(**entry) for node, entry in raw["enrolled"].items()},
            windows=raw["windows"],
            lease=HeldLease(**raw["lease"]) if raw["lease"] else None,
            permits={purpose: HeldPermit(**entry) for purpose, entry in raw["permits"].items()},
            clock=raw["clock"],
            writes=raw["writes"],
            boot_id=raw["boot_id"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the boot node's state does not fit this version: {error}") from error


class BootNodeClient:
    """The operator's way to the boot node. May be used by several threads at once.

    Every method raises `Unreachable`, `AccessRefused`, `WrongMachine`, `TimedOut`, `Interrupted`, or
    `DeviceRefused` with the boot node's own reason.

    Args:
        address: its management address.
        ca_pem: the site CA.
        identity: the operator's.
        port: for tests that run beside a real one.
    """

    def __init__(self, address: str, ca_pem: str, identity: Identity | None, port: int = _PORT) -> None:
        self._peer = SitePeer("boot node", address, port, BOOTD, ca_pem, identity)

    def observe(self, deadline: Deadline) -> BootNodeState:
        """Everything, as it is now. Touches nothing."""
        action = "read its state"
        raw = self._peer.json("GET", "/v1/state", action, deadline)
        try:
            return parse_state(raw)
        except ValueError as error:
            raise DeviceRefused("boot node", action, str(error), "Boot it from a new CloudKey.") from error

    def put_settings(self, settings: dict[str, Any], deadline: Deadline) -> None:
        """Set all settings (`boot_node.settings.Settings.to_dict`) and bring its services in line."""
        self._peer.json("PUT", "/v1/settings", "take its settings", deadline, settings)

    def put_release_file(self, release: str, path: Path, sha256: str, deadline: Deadline) -> None:
        """Upload one file of a release; the boot node keeps it only if its digest is `sha256`."""
        action = f"take {path.name} of release {release}"
        headers = {"X-Sha256": sha256, "Content-Length": str(path.stat().st_size)}
        url = f"/v1/releases/{release}/{path.name}"
        answer = self._peer.request("PUT", url, action, deadline, _chunks(path, action, deadline), headers)
        self._peer.accepted(answer, action)

    def delete_release(self, release: str, deadline: Deadline) -> None:
        """Remove a release; refused while the settings name it."""
        self._peer.json("DELETE", f"/v1/releases/{release}", f"delete release {release}", deadline)

    def open_window(
        self, node: str, mac: str, hardware_uuid: str, seconds: float, deadline: Deadline
    ) -> None:
        """Let this machine enrol as the node in the coming `seconds`. An empty UUID stands for any."""
        body = {"node": node, "mac": mac, "hardware_uuid": hardware_uuid, "seconds": seconds}
        self._peer.json("POST", "/v1/windows", f"open the deploy window of {node}", deadline, body)

    def close_window(self, node: str, deadline: Deadline) -> None:
        """End the deploy window of the node."""
        self._peer.json("DELETE", f"/v1/windows/{node}", f"close the deploy window of {node}", deadline)

    def put_document(self, node: str, sealed: bytes, deadline: Deadline, token: int | None = None) -> None:
        """Leave a sealed document for the node; refused when the gate's token is not the newest."""
        action = f"take the document of {node}"
        headers = gate_headers(token)
        answer = self._peer.request("PUT", f"/v1/documents/{node}", action, deadline, sealed, headers)
        self._peer.accepted(answer, action)

    def delete_document(self, node: str, deadline: Deadline) -> None:
        """Remove the node's document."""
        self._peer.json("DELETE", f"/v1/documents/{node}", f"delete the document of {node}", deadline)

    def take_lease(
        self, holder: str, seconds: float, deadline: Deadline, token: int | None = None
    ) -> LeaseTaken | LeaseRefused:
        """Take the change gate's lease, or renew it with the token of the last grant."""
        action = "take the lease"
        body = {"holder": holder, "seconds": seconds, **({} if token is None else {"token": token})}
        answer = self._peer.request("POST", "/v1/lease", action, deadline, json.dumps(body).encode())
        if answer.status == HTTPStatus.CONFLICT:
            return LeaseRefused(str(answer.json().get("holder", "")))
        return LeaseTaken(int(self._peer.accepted(answer, action).json()["token"]))

    def give_back_lease(self, holder: str, token: int, deadline: Deadline) -> None:
        """End the lease; refused when it is someone else's by now."""
        body = {"holder": holder, "token": token}
        self._peer.json("DELETE", "/v1/lease", "give back the lease", deadline, body)

    def issue_permit(self, purpose: str, node: str, deadline: Deadline, instead_of: str = "") -> str:
        """The token that lets this node, and it alone, do once what `purpose` stands for.

        The same token again while it is unused; a new one when the node used the last and nobody finished
        the permit. Refused when it is finished, or another node's: `instead_of` names the node that it is
        taken away from. The token counts only together with the node's certificate.
        """
        action = f"issue permit {purpose} to {node}"
        body = {"node": node, **({"instead_of": instead_of} if instead_of else {})}
        return str(self._peer.json("POST", f"/v1/permits/{purpose}", action, deadline, body)["token"])

    def finish_permit(self, purpose: str, deadline: Deadline) -> None:
        """Close a permit for good, issued or not: what it is for has happened."""
        self._peer.json("POST", f"/v1/permits/{purpose}/finish", f"finish permit {purpose}", deadline)

    def delete_permit(self, purpose: str, deadline: Deadline) -> None:
        """Forget a permit: what it is for may happen again. For a cluster that is gone."""
        self._peer.json("DELETE", f"/v1/permits/{purpose}", f"delete permit {purpose}", deadline)


def _chunks(path: Path, action: str, deadline: Deadline) -> Iterator[bytes]:
    """A file's bytes for upload, until the deadline."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if deadline.cancelled.is_set():
                raise Interrupted("boot node", action, "the run was told to stop", "Run again to continue.")
            if deadline.over():
                raise TimedOut("boot node", action, "the upload takes too long", "Run again to continue.")
            yield chunk

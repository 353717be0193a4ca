"""A real piston-bootd on loopback: real HTTP, real TLS, files below a temporary directory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from piston_iac.boot_node.cloudkey_files import read_cloudkey
from piston_iac.boot_node.core import BootNode, Paths
from piston_iac.boot_node.server import Servers
from piston_iac.boot_node.services import UNITS
from piston_iac.boot_node.timing import kernel_clock
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.errors import SetupError
from piston_iac.trust.authority import (
    Identity,
    bootd_identity,
    new_request,
    node_authority,
    node_peer_name,
    operator_identity,
    site_authority,
)
from piston_iac.trust.secret import Secret
from piston_iac.trust.tls import client_context

SEED = Secret("seed of the contract tests, 32 and more")
BOOTD, N1, N2 = "127.77.0.5", "127.77.0.11", "127.77.0.12"
BOOTD_MAC = "52:54:00:0a:00:fe"
N1_MAC, N2_MAC = "52:54:00:0a:00:01", "52:54:00:0a:00:02"
N1_UUID = "9d000000-0000-4000-8000-000000000001"
CA_PEM = site_authority(SEED, "lab").certificate_pem
OPERATOR = operator_identity(SEED, "lab")


def soon() -> Deadline:
    """Long enough for a busy machine."""
    return Deadline.after(30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((BOOTD, 0))
        return int(listener.getsockname()[1])


def settings(sha256: str = "ab" * 32) -> dict[str, Any]:
    return {
        "site": "lab",
        "release": "2026.11",
        "sha256": sha256,
        "domain": "lab.piston",
        "cidr": "127.77.0.0/24",
        "address": BOOTD,
        "dns_upstream": [],
        "ntp_upstream": ["127.77.0.9"],
        "hosts": [
            {"name": "n2", "mac": N2_MAC, "address": N2, "kind": "node"},
            {"name": "n1", "mac": N1_MAC, "address": N1, "kind": "node"},
            {"name": "n1-bmc", "mac": "52:54:00:0c:00:01", "address": "127.77.0.111", "kind": "bmc"},
        ],
    }


def write_cloudkey(directory: Path, address: str = BOOTD, cidr: str = "127.77.0.0/24") -> None:
    directory.mkdir(exist_ok=True)
    bootd, nodes = bootd_identity(SEED, "lab", address), node_authority(SEED, "lab")
    said = {"site": "lab", "address": address, "mac": BOOTD_MAC, "cidr": cidr}
    for name, text in {
        "bootnode.json": json.dumps(said),
        "ca.pem": CA_PEM,
        "bootd.pem": bootd.certificate_pem,
        "bootd.key": bootd.key_pem.get_secret_value(),
        "node-ca.pem": nodes.certificate_pem,
        "node-ca.key": nodes.key_pem().get_secret_value(),
    }.items():
        (directory / name).write_text(text)


@dataclass
class NotedServices:
    """Services that only note what they are told."""

    restarted: list[str] = field(default_factory=list)
    active: dict[str, str] = field(default_factory=lambda: dict.fromkeys(UNITS, "inactive"))
    broken: str = ""

    async def restart(self, unit: str) -> None:
        if unit == self.broken:
            raise SetupError("boot node", f"run systemctl restart {unit}", "exit 1", "See the journal.")
        self.restarted.append(unit)
        self.active[unit] = "active"

    async def states(self) -> dict[str, str]:
        return dict(self.active)


class SteadyClock:
    async def read(self) -> dict[str, object]:
        return {"synchronised": True, "offset_s": 0.0, "source": "test"}


class Bootd:
    """The service in a thread with a loop of its own."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths(root / "data", root / "cloudkey", root / "run", root / "chrony.conf")
        self.services = NotedServices()
        self.http_port, self.https_port = free_port(), free_port()
        write_cloudkey(self.paths.cloudkey)

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        boot_node = BootNode(
            self.paths, read_cloudkey(self.paths.cloudkey), self.services, SteadyClock(), kernel_clock()
        )
        self._servers = Servers(boot_node, self.http_port, self.https_port)
        self._run(self._servers.start())
        self._run(boot_node.start_services())

    def stop(self) -> None:
        self._run(self._servers.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def client(self, identity: Identity | None = OPERATOR, ca_pem: str = CA_PEM) -> BootNodeClient:
        return BootNodeClient(BOOTD, ca_pem, identity, port=self.https_port)

    def writes(self) -> int:
        return self.client().observe(soon()).writes

    def journal(self) -> list[str]:
        lines = (self.paths.data / "journal.jsonl").read_text().splitlines()
        return [json.loads(line)["what"] for line in lines]

    def get(self, path: str) -> tuple[int, bytes]:
        """Plain HTTP."""
        connection = HTTPConnection(BOOTD, self.http_port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def call(
        self, method: str, path: str, who: Identity | None, body: object = None, source: str = "127.0.0.1"
    ) -> tuple[int, bytes]:
        """HTTPS as anybody, from any address; `body` bytes or a JSON value."""
        context = client_context(CA_PEM, who)
        plain = socket.create_connection((BOOTD, self.https_port), 30, source_address=(source, 0))
        with plain, context.wrap_socket(plain) as secured:
            connection = HTTPConnection(BOOTD)
            connection.sock = secured
            connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body).encode())
            response = connection.getresponse()
            return response.status, response.read()


@dataclass
class Newcomer:
    """A machine that wants to become a node."""

    node: str = "n1"
    mac: str = N1_MAC
    hardware_uuid: str = N1_UUID
    address: str = N1
    seal_key: str = "5e" * 32

    def __post_init__(self) -> None:
        self.csr_pem, self.key_pem = new_request(node_peer_name(self.node))

    def enrol(self, bootd: Bootd) -> tuple[int, dict[str, str]]:
        names = ("node", "mac", "hardware_uuid", "csr_pem", "seal_key")
        body = {"boot_id": "boot-1", **{name: getattr(self, name) for name in names}}
        status, answer = bootd.call("POST", "/v1/enrol", None, body, source=self.address)
        return status, json.loads(answer)

    def identity(self, answer: dict[str, str]) -> Identity:
        return Identity(answer["certificate_pem"], self.key_pem)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""A node agent that runs in the test's process, its boot node, and its operator."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.node_agent.agent import Agent
from piston_iac.node_agent.boot_arguments import BootArguments
from piston_iac.node_agent.bootd import Bootd
from piston_iac.node_agent.enrol import enrol
from piston_iac.node_agent.fence import Fence
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.report import Machine
from piston_iac.node_agent.server import make_server
from piston_iac.node_agent.units import PendingRestarts
from piston_iac.node_document import File, LocalMirror, Networking, NodeDocument
from piston_iac.trust.authority import (
    Identity,
    certificate_digest,
    operator_identity,
)
from piston_iac.trust.seal import seal
from piston_iac.trust.tls import client_context, server_context
from tests.contract.node_agent.enrolment_server import SEED, SITE, EnrolmentServer

CONTEXT = b"lab/n1"
SECRET = "community: hush-hush\n"
MACHINE = Machine("9d000000-0000-4000-8000-000000000001", "boot-1")


def soon(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = Deadline.after(seconds)
    while not true():
        assert not deadline.over(), "it did not come true in time"
        deadline.pause(0.05)


@dataclass
class Node:
    """A running agent, what it was made with, and how the operator calls it."""

    agent: Agent
    identity: Identity
    seal_key: bytes
    journal: Journal
    port: int
    ca_pem: str

    def ask(
        self,
        verb: str,
        path: str,
        identity: Identity | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        context = client_context(self.ca_pem, identity or operator_identity(SEED, SITE))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        try:
            connection.request(verb, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def report(self) -> dict[str, Any]:
        return self.ask("GET", "/v1/report")[1]

    def settled(self) -> bool:
        return self.report()["phase"] in ("settled", "failed")


def arguments(server: EnrolmentServer) -> BootArguments:
    digest = certificate_digest(server.ca_pem)
    return BootArguments(SITE, "n1", "52:54:00:0a:00:01", server.address, digest, "2026.11", "abc")


def client(server: EnrolmentServer) -> Bootd:
    return Bootd(server.address, server.http_port, server.https_port)


@contextmanager
def running_node(bootd: EnrolmentServer, tmp_path: Path) -> Iterator[Node]:
    bootd.window_open = True
    boot = arguments(bootd)
    identity = enrol(boot, MACHINE, client(bootd), time.sleep)
    journal = Journal(tmp_path / "run" / "journal.jsonl", lambda: datetime.now(UTC))
    pending = PendingRestarts(tmp_path / "run" / "restart")
    agent = Agent(boot, MACHINE, client(bootd), identity, journal, pending, tmp_path / "persist")
    context = server_context(identity.ca_pem, identity.tls, require_client=True)
    server = make_server("127.0.0.1", 0, context, agent, Fence(tmp_path / "run" / "gate-token"))
    worker = threading.Thread(target=agent.run, daemon=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    worker.start()
    try:
        port = server.server_address[1]
        yield Node(agent, identity.tls, bootd.seal_keys["n1"], journal, port, identity.ca_pem)
    finally:
        server.shutdown()
        server.server_close()
        # An agent left behind would ask on, on a port that another test's boot node may have by then.
        agent.stop()
        worker.join(20)
        assert not worker.is_alive(), "the agent did not stop"


def document(tmp_path: Path) -> NodeDocument:
    """A document that only writes files of the test's own."""
    return NodeDocument(
        site=SITE,
        node="n1",
        release="2026.11",
        hostname=os.uname().nodename,
        files=(
            File(str(tmp_path / "etc" / "plain"), "hello\n"),
            File(str(tmp_path / "etc" / "secret"), SECRET, mode="0600", secret=True),
        ),
        units=(),
        networking=Networking("", "", (), ""),
        mirror=LocalMirror("piston:lab:n1", "btrfs-raid10", (), str(tmp_path / "persist")),
        osd_disks=(),
        image_cache_bytes=0,
        time_servers=(),
    )


def publish(bootd: EnrolmentServer, node: Node, wanted: NodeDocument) -> None:
    bootd.documents["n1"] = seal(node.seal_key, wanted.to_json().encode(), CONTEXT)

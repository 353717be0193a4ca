"""The driver of the agent against a TLS server that says what each test wants."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.node_agent import AgentJournal, JournalEntry, NodeAgentClient
from piston_iac.errors import AccessRefused, DeviceRefused, TimedOut, Unreachable, WrongMachine
from piston_iac.node_report import Clock, Disk, InterfaceState, MirrorState, NodeReport
from piston_iac.trust.authority import (
    Identity,
    new_request,
    node_authority,
    node_peer_name,
    operator_identity,
)
from piston_iac.trust.secret import Secret
from piston_iac.trust.tls import server_context
from tests.contract.boot_node.rig import CA_PEM, OPERATOR, SEED, soon

ADDRESS = "127.77.0.11"
REPORT = NodeReport(
    node="n1",
    boot_id="b",
    hardware_uuid="u",
    seal_key="",
    release="2026.11",
    image_digest="ab" * 32,
    document="",
    phase="waiting",
    progress="",
    fault="",
    files={},
    units={},
    disks=(Disk("n1-local-1", 1 << 30, "blank", False),),
    mirror=MirrorState("absent", "", "", ()),
    gateway="",
    interfaces=(InterfaceState("service", 20, "10.30.20.11/24", 1500, True),),
    clock=Clock(True, 0.0, ("10.30.10.5",)),
    writes=0,
)


@dataclass
class Agent:
    """What it answers, how late, and what it was asked."""

    status: int = 200
    body: bytes = b"{}"
    drip_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def client(self, node: str = "n1", identity: Identity = OPERATOR) -> NodeAgentClient:
        return NodeAgentClient(ADDRESS, node, CA_PEM, identity, port=self.port)


class TlsServer(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except ssl.SSLError:
            # Leave the caller time to read the alert; closing at once may cost it that.
            time.sleep(0.5)
            raise
        with secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Refused peers are what some tests are about."""


@contextmanager
def serving(agent: Agent) -> Iterator[Agent]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            agent.asked.append(f"{self.command} {self.path}")
            self.send_response(agent.status)
            self.send_header("Content-Length", str(len(agent.body)))
            self.end_headers()
            step = 1 if agent.drip_s else max(1, len(agent.body))
            for start in range(0, len(agent.body), step):
                self.wfile.write(agent.body[start : start + step])
                time.sleep(agent.drip_s)

        do_GET = do_POST = answer  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    csr, key = new_request("n1")
    certificate = node_authority(SEED, "lab").issue_for_request(csr, node_peer_name("n1"))
    server = TlsServer((ADDRESS, 0), Handler)
    server.context = server_context(CA_PEM, Identity(certificate, key), require_client=True)
    agent.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield agent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_report_comes_over_whole() -> None:
    with serving(Agent(body=json.dumps(REPORT.to_dict()).encode())) as agent:
        assert agent.client().report(soon()) == REPORT
        assert agent.asked == ["GET /v1/report"]


def test_orders_and_journal() -> None:
    body = json.dumps({"writes": 7, "entries": [{"at": "2026-11-22T16:00:00Z", "what": "file /etc/hosts"}]})
    with serving(Agent(status=202, body=body.encode())) as agent:
        client = agent.client()
        client.fetch(soon())
        client.converge(soon())
        entry = JournalEntry("2026-11-22T16:00:00Z", "file /etc/hosts")
        assert client.journal(soon()) == AgentJournal(7, (entry,))
        assert agent.asked == ["POST /v1/fetch", "POST /v1/converge", "GET /v1/journal"]


def test_another_node_at_the_address_is_the_wrong_machine_and_is_told_nothing() -> None:
    with serving(Agent()) as agent:
        with pytest.raises(WrongMachine, match="the machine there is node:n1, not node:n2"):
            agent.client("n2").converge(soon())
        assert agent.asked == []


def test_an_agent_of_another_release_is_named() -> None:
    with serving(Agent(body=b'{"node": "n1"}')) as agent, pytest.raises(DeviceRefused, match="does not fit"):
        agent.client().report(soon())


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessRefused), (403, AccessRefused), (409, DeviceRefused), (500, DeviceRefused)],
)
def test_a_refusal_carries_the_agents_reason(status: int, error: type[Exception]) -> None:
    body = b'{"error": "disks carry foreign data"}'
    with serving(Agent(status, body)) as agent, pytest.raises(error, match="disks carry foreign data"):
        agent.client().converge(soon())


def test_an_answer_that_never_ends_is_cut_at_the_deadline() -> None:
    with serving(Agent(body=b"x" * 1000, drip_s=0.02)) as agent:
        started = time.monotonic()
        with pytest.raises((TimedOut, Unreachable)):
            agent.client().report(Deadline.after(0.5))
        assert time.monotonic() - started < 5


def test_our_certificate_refused_is_told_by_a_peer_that_sends_the_alert() -> None:
    stranger = operator_identity(Secret("the seed of quite another site, 32+"), "lab")
    with serving(Agent()) as agent, pytest.raises(AccessRefused, match="refuses our certificate"):
        agent.client(identity=stranger).report(soon())

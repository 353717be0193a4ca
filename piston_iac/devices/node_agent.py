"""Driver of a node's agent: what the node sees of itself, what it can be told to do, programs run on it."""

from __future__ import annotations

from dataclasses import dataclass

from piston_iac.deadline import Deadline
from piston_iac.devices.site_https import SitePeer
from piston_iac.errors import DeviceRefused, TimedOut
from piston_iac.node_report import NodeReport, from_dict
from piston_iac.trust.authority import Identity, node_peer_name
from piston_iac.trust.gate import gate_headers

_PORT = 9443
_MOST_OUTPUT_BYTES = 1 << 30
_GATEWAY_TIMEOUT = 504


@dataclass(frozen=True)
class JournalEntry:
    """One thing the agent changed. `at` is UTC time in ISO 8601."""

    at: str
    what: str


@dataclass(frozen=True)
class AgentJournal:
    """What the agent changed in this boot; `writes` counts all, `entries` may hold only the last ones."""

    writes: int
    entries: tuple[JournalEntry, ...]


@dataclass(frozen=True)
class ProgramResult:
    """How a program on the node ended.

    `status`: its exit status, negative the signal that ended it; `output`: what it printed; `errors`: the
    last line it printed as an error.
    """

    status: int
    output: bytes
    errors: str


class NodeAgentClient:
    """The operator's way to one node's agent. May be used by several threads at once.

    Every method raises `Unreachable`, `AccessRefused`, `WrongMachine` (another node answers),
    `TimedOut`, `Interrupted`, or `DeviceRefused` with the agent's own reason.

    Args:
        address: the node's management address.
        node: its name.
        ca_pem: the site CA.
        identity: the operator's.
        port: for tests that run beside a real one.
    """

    def __init__(self, address: str, node: str, ca_pem: str, identity: Identity, port: int = _PORT) -> None:
        self._node = node
        device = f"agent of {node}"
        self._peer = SitePeer(device, address, port, node_peer_name(node), ca_pem, identity)

    def report(self, deadline: Deadline) -> NodeReport:
        """What is so on the node now. Touches nothing."""
        action = "read its report"
        raw = self._peer.json("GET", "/v1/report", action, deadline)
        try:
            return from_dict(raw)
        except ValueError as error:
            raise self._of_another_release(action, error) from error

    def fetch(self, deadline: Deadline, token: int | None = None) -> None:
        """Have the agent fetch its document and apply it; returns as soon as it has begun.

        Args:
            token: of the change gate; one that is older than another that the agent has seen is refused.
        """
        self._order("/v1/fetch", "fetch its document", deadline, token)

    def converge(self, deadline: Deadline, token: int | None = None) -> None:
        """Have the agent apply the document it has once more; returns as soon as it has begun."""
        self._order("/v1/converge", "repair what differs from its document", deadline, token)

    def journal(self, deadline: Deadline) -> AgentJournal:
        """What the agent changed."""
        action = "read its journal"
        raw = self._peer.json("GET", "/v1/journal", action, deadline)
        try:
            entries = tuple(JournalEntry(entry["at"], entry["what"]) for entry in raw["entries"])
            return AgentJournal(int(raw["writes"]), entries)
        except (KeyError, TypeError, ValueError) as error:
            raise self._of_another_release(action, error) from error

    def run_program(self, name: str, stdin: bytes, deadline: Deadline) -> ProgramResult:
        """Run a program that the node's document names, to its end, whatever its exit status.

        Args:
            stdin: what it reads; it may hold secrets.
        Raises:
            TimedOut: it took longer than the document allows, and was ended. DeviceRefused: the document
                names no such program, or it cannot be started. And those of every method.
        """
        action = f"run {name}"
        path = f"/v1/programs/{name}"
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._peer.request(
            "POST", path, action, deadline, stdin, headers, most_bytes=_MOST_OUTPUT_BYTES, patient=True
        )
        if answer.status == _GATEWAY_TIMEOUT:
            remedy = f"See the console of {self._node}, then run again."
            raise TimedOut(f"agent of {self._node}", action, answer.error(), remedy)
        self._peer.accepted(answer, action)
        try:
            status = int(answer.headers["X-Exit-Status"])
        except (KeyError, ValueError) as error:
            raise self._of_another_release(action, error) from error
        return ProgramResult(status, answer.body, answer.headers.get("X-Errors", ""))

    def _order(self, path: str, action: str, deadline: Deadline, token: int | None) -> None:
        answer = self._peer.request("POST", path, action, deadline, headers=gate_headers(token))
        self._peer.accepted(answer, action)

    def _of_another_release(self, action: str, error: Exception) -> DeviceRefused:
        remedy = f"Power {self._node} off and run `pulumi up`: it boots the site's release."
        return DeviceRefused(f"agent of {self._node}", action, str(error), remedy)

"""One node as its three ways in show it: BMC, boot node and node agent.

Each method is one look or one action. What to do next is decided in `plan.node_steps`.
"""

from __future__ import annotations

from dataclasses import dataclass

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.protocol import Bmc, BootDevice, Login, Power
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.errors import Unreachable
from piston_iac.node_document import NodeDocument
from piston_iac.node_report import NodeReport
from piston_iac.plan.node_steps import NodeObserved
from piston_iac.trust.seal import seal

# The window in which the boot node signs this machine's key. Longer than any boot, far shorter than
# the machine's life.
_WINDOW_S = 1800


@dataclass(frozen=True)
class NodeDriver:
    """A node's ways in. `boot_mac` is the card it boots from."""

    node: str
    bmc: Bmc
    login: Login
    boot_node: BootNodeClient
    agent: NodeAgentClient
    boot_mac: str

    def report(self, deadline: Deadline) -> NodeReport | None:
        """The agent's report, None when it gives no answer."""
        try:
            return self.agent.report(deadline)
        except Unreachable:
            return None

    def power_on(self) -> bool:
        """What the BMC says of the chassis."""
        with self.bmc.session(self.login) as session:
            return session.power() is Power.ON

    def observe(self, deadline: Deadline) -> NodeObserved:
        """One look. A node whose agent answers is on: its BMC need not be asked."""
        report = self.report(deadline)
        return NodeObserved(power_on=report is not None or self.power_on(), report=report)

    def admit(self, deadline: Deadline) -> None:
        """Let the boot node sign this very machine's key, if it asks."""
        with self.bmc.session(self.login) as session:
            self._open_window(session.guid(), deadline)

    def _open_window(self, guid: str, deadline: Deadline) -> None:
        self.boot_node.open_window(self.node, self.boot_mac, guid, _WINDOW_S, deadline)

    def start(self, deadline: Deadline, power_cycle: bool) -> None:
        """Let the boot node sign this machine's key, and boot it from the network."""
        with self.bmc.session(self.login) as session:
            self._open_window(session.guid(), deadline)
            if power_cycle:
                session.set_power(Power.OFF, deadline)
            session.set_boot_device(BootDevice.NETWORK)
            session.set_power(Power.ON, deadline)

    def publish(self, document: NodeDocument, deadline: Deadline, token: int | None = None) -> None:
        """Seal the document to the node's key, leave it at the boot node, and have the agent fetch it.

        Args:
            token: of the change gate, where the change needs a turn.
        """
        key = bytes.fromhex(self.agent.report(deadline).seal_key)
        context = f"{document.site}/{document.node}".encode()
        sealed = seal(key, document.to_json().encode(), context)
        self.boot_node.put_document(self.node, sealed, deadline, token)
        self.agent.fetch(deadline, token)

    def converge(self, deadline: Deadline, token: int | None = None) -> None:
        """Have the agent apply the document it has."""
        self.agent.converge(deadline, token)

    def started_before(self, deadline: Deadline) -> bool:
        """Whether an earlier attempt of ours, killed before it was recorded, started this machine."""
        state = self.boot_node.observe(deadline)
        return self.node in state.windows or self.node in state.enrolled

    def power_off(self, deadline: Deadline) -> None:
        """Switch it off, hard."""
        with self.bmc.session(self.login) as session:
            if session.power() is Power.ON:
                session.set_power(Power.OFF, deadline)

    def forget(self, deadline: Deadline) -> None:
        """Take its document from the boot node, and close a window that is still open."""
        self.boot_node.close_window(self.node, deadline)
        self.boot_node.delete_document(self.node, deadline)

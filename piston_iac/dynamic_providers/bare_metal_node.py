"""BareMetalNode: a server from powered off to Ready, and the truth about it ever after.

Compared field by field: power, the digest of the applied document, release, files, units, interfaces,
gateway, local mirror, clock. A node that is off is one line, `power`; what it had keeps its last values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource
from pydantic import Field, SecretStr

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.protocol import Login, Power
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.node import NodeDriver
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.disk_claims import Claim, claim_disks
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.access import Access
from piston_iac.dynamic_providers.bmc_common import WithBmc, open_bmc, same_machine
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.node_deploy import Deploy
from piston_iac.errors import PistonError, Unreachable, UnsafeChange, WrongMachine
from piston_iac.node_document import NodeDocument, from_json
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.nodes import osd_serves
from piston_iac.plan.node_fields import seen_fields

_POWER_OFF_S = 60.0
_REPORT_S = 7.0
_POLL_S = 1.0
# The cluster's resource stops its daemons meanwhile.
_OSDS_S = 120.0


class NodeInputs(WithBmc):
    """How to reach the node, its document, and the fields that follow from the document.

    `document` and `access` are secret as a whole. `boot_s`, `converge_s` in seconds. `peers`: management
    addresses of the other nodes that run the control plane with it.
    """

    access: Access
    boot_node_address: str
    agent_address: str
    boot_mac: str
    boot_s: float
    converge_s: float
    document: str
    peers: dict[str, str] = Field(default_factory=dict)
    power: str = Power.ON.value
    applied: str
    release: str
    files: dict[str, str]
    units: dict[str, str]
    interfaces: dict[str, dict[str, Any]]
    gateway: str
    strangers: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    image_cache_gib: float
    switch_settings: dict[str, str] = Field(default_factory=dict)
    uplink: str = "up"
    mirror: dict[str, Any]
    clock: str


def open_node(inputs: NodeInputs) -> NodeDriver:
    """The driver for that node."""
    identity = inputs.access.identity()
    return NodeDriver(
        node=inputs.node,
        bmc=open_bmc(inputs),
        login=Login(inputs.user, SecretStr(inputs.password)),
        boot_node=BootNodeClient(inputs.boot_node_address, inputs.access.ca_pem, identity),
        agent=NodeAgentClient(inputs.agent_address, inputs.node, inputs.access.ca_pem, identity),
        boot_mac=inputs.boot_mac,
    )


class BareMetalNodeProvider(Converging[NodeInputs]):
    """Observes and converges one node."""

    model = NodeInputs
    secrets = frozenset({"password", "access", "document"})
    # `applied` says that the document changed, and the other fields say what.
    untold = frozenset({"document", "peers"})
    pinned = frozenset({"guid"})

    def name(self, inputs: NodeInputs) -> str:
        """`n1`."""
        return inputs.node

    def observe(self, inputs: NodeInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The agent's word where it answers; else the BMC's on power."""
        driver = open_node(inputs)
        report = driver.report(deadline.within(_REPORT_S))
        if report is None:
            if not driver.power_on():
                return Seen({"power": Power.OFF.value})
            raise Unreachable(
                inputs.node,
                "read its state",
                f"it is powered on, but its agent at {inputs.agent_address} gives no answer",
                "Look at its console; `pulumi up` restarts a node that does not answer.",
            )
        same_machine(inputs, bound, report.hardware_uuid)
        fields = {"power": Power.ON.value, **seen_fields(report)}
        fault = report.fault if report.phase == "failed" else ""
        return Seen({**fields, "fault": fault}, {"guid": report.hardware_uuid, "bootId": report.boot_id})

    def converge(self, inputs: NodeInputs, bound: Mapping[str, Any]) -> None:
        """Boot, enrol, apply, until the node is as its document says."""
        driver = open_node(inputs)
        ours = bool(bound) or driver.started_before(self._look(inputs))
        identity = inputs.access.identity()
        peers = {
            node: NodeAgentClient(address, node, inputs.access.ca_pem, identity)
            for node, address in inputs.peers.items()
        }
        Deploy(driver, from_json(inputs.document), inputs.boot_s, inputs.converge_s, ours, peers).run()

    def lost_node(self, inputs: NodeInputs) -> str:
        """Itself."""
        return inputs.node

    def remove(self, inputs: NodeInputs) -> None:
        """Power it off and forget its document. Its disks keep everything.

        While its OSDs serve the cluster storage it stays: they are drained (a node was taken out of the
        stack file) or stopped (the whole site is) by the cluster's own resource.
        """
        driver = open_node(inputs)
        _wait_for_osds(inputs.node, driver)
        deadline = Deadline.after(_POWER_OFF_S, runtime.CANCELLED)
        driver.power_off(deadline)
        driver.forget(deadline)

    def outlook(self, inputs: NodeInputs, deadline: Deadline) -> list[str]:
        """Which disks an install would adopt, use or wipe, as far as it can be seen now."""
        document = from_json(inputs.document)
        driver = open_node(inputs)
        try:
            report = driver.report(deadline.within(_REPORT_S))
        except WrongMachine:
            raise
        except PistonError as error:
            return [f"{inputs.node}: its disks cannot be seen now: {error.cause}"]
        if report is None:
            return [_unseen(document)]
        return _disk_lines(document, report)


def _wait_for_osds(node: str, driver: NodeDriver) -> None:
    deadline = Deadline.after(_OSDS_S, runtime.CANCELLED)
    while True:
        report = driver.report(deadline.within(_REPORT_S))
        serving = [name for name in report.services if osd_serves(report, name)] if report else []
        if not serving:
            return
        if deadline.over():
            raise UnsafeChange(
                node,
                "power it off",
                f"it still serves the cluster storage: {', '.join(serving)}",
                "Run `pulumi up` again: the cluster moves the data away first. See why it did not.",
            )
        runtime.info_status(f"{node}: waiting for {', '.join(serving)} to stop")
        deadline.pause(_POLL_S)


def _unseen(document: NodeDocument) -> str:
    serials = ", ".join(document.mirror.disks)
    return (
        f"{document.node}: not running, so its disks cannot be seen yet. At boot it makes RAID1+0 "
        f"of {serials} if they are blank or adopts its own mirror; anything else on them stops it."
    )


def _disk_lines(document: NodeDocument, report: NodeReport) -> list[str]:
    claims = claim_disks(document, report.disks)
    refused = [entry for entry in claims if entry.claim is Claim.REFUSE]
    if refused:
        what = ", ".join(f"{entry.serial} ({entry.reason})" for entry in refused)
        raise UnsafeChange(
            document.node,
            "use its local disks",
            f"they hold data that is not this node's: {what}",
            "Take the data away, or name the serials under `wipe:` of this node in the stack file.",
        )
    lines = []
    for claim in (Claim.WIPE, Claim.MAKE, Claim.REPLACE, Claim.LACK, Claim.ADOPT):
        serials = [entry.serial for entry in claims if entry.claim is claim]
        if serials:
            lines.append(f"{document.node}: {claim.value} {len(serials)} disks, serials {', '.join(serials)}")
    return lines


class BareMetalNode(Resource, module="piston", name="BareMetalNode"):
    """One server of the rack."""

    def __init__(self, name: str, inputs: NodeInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(BareMetalNodeProvider(), name, BareMetalNodeProvider.sealed(inputs), opts)

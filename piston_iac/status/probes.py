"""What is asked of each device for a status: every resource as a plan would see it, and facts beside it.

Only looks: providers' `observe`, the agents' reports, the boot node's state, the BMCs' power.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.protocol import Login, Power
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.dynamic_providers import ceph_access
from piston_iac.dynamic_providers.bmc_common import open_bmc
from piston_iac.dynamic_providers.ceph_cluster import CephClusterInputs
from piston_iac.dynamic_providers.converging import Props, Seen
from piston_iac.dynamic_providers.ipmi_credential import CredentialInputs
from piston_iac.errors import AccessRefused
from piston_iac.plan.credentials import Account
from piston_iac.program.declared import BOOT_NODE, Declared, bmc_device, bmc_name
from piston_iac.program.inputs import access
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, Site
from piston_iac.status.asking import Answer, Probe

_REPORT_S, _BOOT_NODE_S = 6.0, 6.0
# A driver may use its time twice, for a login and for a command, and a node's first asks the agent.
_TIMES, _MORE_S = 2.0, 6.0
Bound = Mapping[str, Props]
"""What first contact pinned (GUIDs, the cluster's stamp), by the resource's name."""


@dataclass(frozen=True)
class BmcSeen:
    """A BMC's accounts, and the chassis power; None when our own login does not open it."""

    seen: Seen
    power: Power | None


@dataclass(frozen=True)
class Clients:
    """The ways to the boot node and to each agent."""

    boot_node: BootNodeClient
    agents: dict[str, NodeAgentClient]


def clients(site: Site) -> Clients:
    """Open nothing yet; each request has a connection of its own."""
    ways = access(site)
    identity = ways.identity()
    return Clients(
        BootNodeClient(str(site.boot_node.address), ways.ca_pem, identity),
        {
            node: NodeAgentClient(
                str(node_address(site, node, NetworkName.MANAGEMENT)), node, ways.ca_pem, identity
            )
            for node in site.nodes
        },
    )


def resource_key(name: str) -> str:
    """The key of the question about a resource."""
    return f"resource {name}"


def report_key(node: str) -> str:
    """The key of the question for a node's report."""
    return f"report {node}"


BOOT_STATE = "boot node"


def probes(declared: Iterable[Declared], ways: Clients, bound: Bound) -> list[Probe]:
    """All questions of a status."""
    asked = [resource_probe(it, bound.get(it.name, {})) for it in declared]
    asked += [report_probe(node, agent) for node, agent in ways.agents.items()]
    return [*asked, Probe(BOOT_STATE, BOOT_NODE, _BOOT_NODE_S, _limit(_BOOT_NODE_S), ways.boot_node.observe)]


def report_probe(node: str, agent: NodeAgentClient) -> Probe:
    """What the node sees of itself."""
    return Probe(report_key(node), f"agent of {node}", _REPORT_S, _limit(_REPORT_S), agent.report)


def resource_probe(it: Declared, bound: Mapping[str, Any]) -> Probe:
    """The resource as a plan would see it; of a BMC also the power."""

    def ask(deadline: Deadline) -> object:
        if isinstance(it.inputs, CephClusterInputs):
            # Others may still wait for an older look.
            ceph_access.changed(it.inputs.site)
        seen = it.provider.observe(it.inputs, bound, deadline)
        if not seen.fields and not deadline.over():
            # A pool when no mon host answered, which a busy one may do a moment later.
            seen = it.provider.observe(it.inputs, bound, deadline)
        return BmcSeen(seen, _power(it.inputs, seen)) if isinstance(it.inputs, CredentialInputs) else seen

    look_s = it.inputs.timeout_s
    return Probe(resource_key(it.name), it.device, look_s, _limit(look_s), ask)


def may_ask_again(probe: Probe, answers: Mapping[str, Answer]) -> bool:
    """Whether a live status asks once more. Pure.

    A BMC that refused our password is not tried again and again: that locks accounts. The look at a node
    whose agent is silent goes through the same BMC.
    """
    kind, _, name = probe.key.partition(" ")
    if kind != "resource":
        return True
    if report_key(name) in answers:
        silent = answers[report_key(name)].error is not None
        return not (silent and _refused(answers.get(resource_key(bmc_name(name)))))
    return not _refused(answers.get(probe.key))


def _refused(answer: Answer | None) -> bool:
    """Whether it is a BMC's answer that our password did not open."""
    if answer is None:
        return False
    if isinstance(answer.value, BmcSeen):
        return answer.value.power is None
    return isinstance(answer.error, AccessRefused) and answer.error.device.startswith(bmc_device(""))


def _power(inputs: CredentialInputs, seen: Seen) -> Power | None:
    """One more session, and only where our login is known to work."""
    if seen.fields.get("login") != Account.RIGHT.value:
        return None
    with open_bmc(inputs).session(Login(inputs.user, SecretStr(inputs.password))) as session:
        return session.power()


def _limit(look_s: float) -> float:
    return _TIMES * look_s + _MORE_S

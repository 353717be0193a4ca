"""How providers reach the cluster storage: inputs that both its resources share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from piston_iac.deadline import Deadline
from piston_iac.devices.ceph import CephDriver
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.dynamic_providers.access import Access
from piston_iac.dynamic_providers.converging import Inputs
from piston_iac.dynamic_providers.shared_look import SharedLook
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.seen import Cluster
from piston_iac.trust.secret import Secret

_looks: defaultdict[str, SharedLook[Cluster | None]] = defaultdict(SharedLook)


class WithCeph(Inputs):
    """`agents`: management address by node. `mon_hosts`: whose agents are asked.

    `access` and `admin_key` are secret.
    """

    access: Access
    admin_key: str
    agents: dict[str, str]
    mon_hosts: tuple[str, ...]


def open_ceph(inputs: WithCeph, more_agents: dict[str, str] | None = None) -> CephDriver:
    """The driver. `more_agents`: of nodes that the stack file no longer names."""
    identity = inputs.access.identity()
    addresses = {**(more_agents or {}), **inputs.agents}
    agents = {
        node: NodeAgentClient(address, node, inputs.access.ca_pem, identity)
        for node, address in addresses.items()
    }
    return CephDriver(agents, inputs.mon_hosts, Secret(inputs.admin_key))


def look(
    inputs: WithCeph, driver: CephDriver, reports: Mapping[str, NodeReport | None], deadline: Deadline
) -> Cluster | None:
    """The cluster as it is; None when no mon answers. Who asks at the same time shares the answer."""
    return _looks[inputs.site].take(lambda: driver.observe(reports, deadline))


def changed(site: str) -> None:
    """Say that the cluster was changed: looks that began before are not shared any more."""
    _looks[site].changed()

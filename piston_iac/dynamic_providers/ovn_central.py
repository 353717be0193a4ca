"""OvnCentral: OVN's two databases in Raft over their hosts, and the translator between them.

Each host that has lost its files joins again by itself; see `node_programs.cloud.ovn`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.control_access import WithControlPlane, open_control_plane
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.ovn_deploy import DEVICE, OvnDeploy
from piston_iac.errors import Unreachable, WrongMachine
from piston_iac.plan.cloud.member_service import RUNNING, STOPPED, part, unlooked
from piston_iac.plan.cloud.ovn import cluster_ids, seen_fields, unmade_fields

_REPORTS_S = 7.0


class OvnCentralInputs(WithControlPlane):
    """Who holds the databases, and the fields that are compared.

    `members`: service address by host; `deploy_s`: how long a node may take to be ready, seconds;
    `states`: what each host's members are.
    """

    members: dict[str, str]
    deploy_s: float
    states: dict[str, str]
    awaits: tuple[str, ...] = ()


class OvnCentralProvider(Converging[OvnCentralInputs]):
    """Observes and converges OVN's databases."""

    model = OvnCentralInputs
    secrets = frozenset({"access"})
    untold = frozenset({"hosts", "members", "awaits"})
    pinned = frozenset({"databaseIds"})

    def name(self, inputs: OvnCentralInputs) -> str:
        """There is one a site."""
        return "ovn-central"

    def observe(self, inputs: OvnCentralInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """What every host says."""
        driver = open_control_plane(inputs)
        reports = driver.reports(deadline.within(_REPORTS_S))
        looks = driver.ovn_looks(reports, deadline)
        known = bound.get("databaseIds")
        if not any(looks.values()):
            if known:
                cause = "no host of it answers"
                raise Unreachable(DEVICE, "read its state", cause, "See the nodes' own lines.")
            return Seen(unmade_fields(inputs.members))
        if not any(part(it, layout.OVN) in (RUNNING, STOPPED) for it in reports.values()):
            return Seen(unmade_fields(inputs.members))
        seen = cluster_ids(looks)
        if known and seen and known != seen:
            cause = f"its databases are {seen}, and ours are {known}"
            raise WrongMachine(DEVICE, "read its state", cause, "Find out who made other ones.")
        fields = {**seen_fields(inputs.members, looks, bound), "fault": unlooked(layout.OVN, reports, looks)}
        return Seen(fields, {"databaseIds": seen} if seen else {})

    def converge(self, inputs: OvnCentralInputs, bound: Mapping[str, Any]) -> None:
        """Make them, mend them."""
        boot_node = BootNodeClient(inputs.boot_node_address, inputs.access.ca_pem, inputs.access.identity())
        known = str(bound.get("databaseIds") or "")
        OvnDeploy(open_control_plane(inputs), boot_node, inputs.members, inputs.deploy_s, known).run()

    def remove(self, inputs: OvnCentralInputs) -> None:
        """Nothing is deleted: the databases stay on the nodes' mirrors."""
        runtime.info_once("OVN's databases stay on the nodes; a later `pulumi up` adopts them")

    def outlook(self, inputs: OvnCentralInputs, deadline: Deadline) -> list[str]:
        """Whether they would be made or adopted, as far as it can be seen now."""
        reports = open_control_plane(inputs).reports(deadline.within(_REPORTS_S))
        having = [host for host, it in reports.items() if part(it, layout.OVN) in (RUNNING, STOPPED)]
        if having:
            return [f"adopts OVN's databases that are on {', '.join(having)}"]
        return [f"OVN's databases on {', '.join(inputs.members)}"]


class OvnCentral(Resource, module="piston", name="OvnCentral"):
    """OVN's databases."""

    def __init__(self, name: str, inputs: OvnCentralInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(OvnCentralProvider(), name, OvnCentralProvider.sealed(inputs), opts)

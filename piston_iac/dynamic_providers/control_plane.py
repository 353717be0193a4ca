"""ControlPlane: database, message bus, OVN's databases and the virtual address over the control hosts.

It waits for enough hosts, not for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.control_plane import DEVICE
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.control_access import WithControlPlane, open_control_plane
from piston_iac.dynamic_providers.control_deploy import ControlPlaneDeploy
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.errors import Unreachable, WrongMachine
from piston_iac.plan.cloud.backup_field import CURRENT
from piston_iac.plan.cloud.fields import Looks, WantedControlPlane, seen_fields, unmade_fields
from piston_iac.plan.cloud.member_service import RUNNING, STOPPED, part, unlooked
from piston_iac.plan.cloud.units import stopped_services

_REPORTS_S = 7.0


class ControlPlaneInputs(WithControlPlane):
    """Who belongs to it, and the fields that are compared.

    `members`: service address by control host; `address`: the virtual one; `served`: SHA-256 of each host's
    certificate; `deploy_s`: how long a node may take to be ready, seconds.
    """

    members: dict[str, str]
    address: str
    served: dict[str, str]
    deploy_s: float
    database: dict[str, str]
    queues: dict[str, str]
    virtual_address: dict[str, str]
    short_queues: tuple[str, ...] = ()
    backends_down: tuple[str, ...] = ()
    certificates: dict[str, str]
    backup: str = CURRENT
    awaits: tuple[str, ...] = ()

    def wanted(self) -> WantedControlPlane:
        """The control plane in the plan's terms."""
        return WantedControlPlane(self.members, self.address, self.served)


class ControlPlaneProvider(Converging[ControlPlaneInputs]):
    """Observes and converges the control plane."""

    model = ControlPlaneInputs
    secrets = frozenset({"access"})
    untold = frozenset({"hosts", "members", "served", "awaits"})
    pinned = frozenset({"databaseId"})

    def name(self, inputs: ControlPlaneInputs) -> str:
        """There is one a site."""
        return "control-plane"

    def observe(self, inputs: ControlPlaneInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """What every host sees."""
        driver = open_control_plane(inputs)
        wanted = inputs.wanted()
        reports = driver.reports(deadline.within(_REPORTS_S))
        looks = driver.looks(reports, deadline)
        if not any(looks.values()):
            if bound.get("databaseId"):
                cause = "no control host answers"
                raise Unreachable(DEVICE, "read its state", cause, "See the nodes' own lines.")
            return Seen(unmade_fields(wanted))
        if not any(part(it, layout.GALERA) in (RUNNING, STOPPED) for it in reports.values()):
            return Seen(unmade_fields(wanted))
        seen = _database_id(looks)
        known = bound.get("databaseId")
        if known and seen and known != seen:
            cause = f"its database is {seen}, and ours is {known}"
            raise WrongMachine(DEVICE, "read its state", cause, "Find out who made another one.")
        outs = {"databaseId": seen} if seen else {}
        fields = seen_fields(wanted, looks, stopped_services(reports), bound)
        return Seen({**fields, "fault": unlooked(layout.GALERA, reports, looks)}, outs)

    def converge(self, inputs: ControlPlaneInputs, bound: Mapping[str, Any]) -> None:
        """Make it, mend it."""
        boot_node = BootNodeClient(inputs.boot_node_address, inputs.access.ca_pem, inputs.access.identity())
        known = str(bound.get("databaseId") or "")
        ControlPlaneDeploy(
            open_control_plane(inputs), boot_node, inputs.wanted(), inputs.deploy_s, known
        ).run()

    def remove(self, inputs: ControlPlaneInputs) -> None:
        """Nothing is deleted: the databases stay on the nodes' mirrors."""
        runtime.info_once("the control plane's databases stay on the nodes; a later `pulumi up` adopts them")

    def outlook(self, inputs: ControlPlaneInputs, deadline: Deadline) -> list[str]:
        """Whether it would be made or adopted, as far as it can be seen now."""
        reports = open_control_plane(inputs).reports(deadline.within(_REPORTS_S))
        having = [host for host, it in reports.items() if part(it, layout.GALERA) in (RUNNING, STOPPED)]
        if having:
            return [f"adopts the database that is on {', '.join(having)}"]
        hosts = ", ".join(inputs.members)
        return [f"database and message bus on {hosts}; APIs at {inputs.address}"]


def _database_id(looks: Looks) -> str:
    found = {look.database.cluster for look in looks.values() if look and look.database.usable}
    return sorted(found)[0] if found else ""


class ControlPlane(Resource, module="piston", name="ControlPlane"):
    """The redundant core of the cloud."""

    def __init__(self, name: str, inputs: ControlPlaneInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(ControlPlaneProvider(), name, ControlPlaneProvider.sealed(inputs), opts)

"""CephCluster: mons, mgrs and OSDs over the nodes, and the cluster's own settings.

It waits for enough nodes, not for each: one that is dead keeps nobody else from having storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import ReadResult, Resource
from pydantic import Field

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.ceph import DEVICE, Order
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.ceph_access import WithCeph, changed, look, open_ceph
from piston_iac.dynamic_providers.ceph_deploy import CephDeploy
from piston_iac.dynamic_providers.converging import Converging, Props, Seen
from piston_iac.errors import Unreachable, WrongMachine
from piston_iac.plan.ceph.fields import seen_fields, unmade_fields
from piston_iac.plan.ceph.loss import losses
from piston_iac.plan.ceph.nodes import RUNNING
from piston_iac.plan.ceph.seen import Cluster
from piston_iac.plan.ceph.wanted import WantedCluster
from piston_iac.trust.cephx import key_digest
from piston_iac.trust.secret import Secret

_GIB = 1024**3
_LEFT = "ifANodeDied"
_REPORTS_S = 7.0
_STOP_S = 180.0


class CephClusterInputs(WithCeph):
    """How to reach it, where each part belongs, and the fields that are compared.

    `keys`: of mgrs and OSD disks, by the name they are derived for; secret. `deploy_s`: how long a node
    may take to be ready, seconds. `osd_hosts`: node by disk serial. `wipe`: serials that may be erased.
    `kept`: pools and users that are not ours and stay.
    A refresh puts what is seen into the compared fields, so where parts belong is said beside them.
    """

    boot_node_address: str
    keys: dict[str, str]
    deploy_s: float
    mon_addresses: dict[str, str]
    mgr_hosts: tuple[str, ...]
    osd_hosts: dict[str, str]
    wipe: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    fsid: str
    mons: dict[str, str]
    mgrs: dict[str, str]
    osds: dict[str, str]
    flags: tuple[str, ...] = ()
    options: dict[str, str] = Field(default_factory=dict)
    auth: dict[str, str] = Field(default_factory=dict)
    strangers: dict[str, str] = Field(default_factory=dict)
    awaits: tuple[str, ...] = ()

    def wanted(self) -> WantedCluster:
        """The cluster in the plan's terms."""
        return WantedCluster(
            fsid=self.fsid,
            mons=self.mon_addresses,
            mgrs=self.mgr_hosts,
            osds=self.osd_hosts,
            wipe=self.wipe,
            kept=self.kept,
            digests={name: key_digest(Secret(key)) for name, key in self.keys.items()},
        )


class CephClusterProvider(Converging[CephClusterInputs]):
    """Observes and converges the cluster."""

    model = CephClusterInputs
    secrets = frozenset({"access", "adminKey", "keys"})
    # `osds`, `mons` and `mgrs` say what these follow from; of `awaits`, the nodes' own lines say it.
    untold = frozenset({"keys", "agents", "osdHosts", "monAddresses", "monHosts", "mgrHosts", "awaits"})
    pinned = frozenset({"born"})

    def name(self, inputs: CephClusterInputs) -> str:
        """There is one a site."""
        return "ceph"

    def observe(self, inputs: CephClusterInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The mons' word, and the nodes' for those who are away."""
        driver = open_ceph(inputs)
        wanted = inputs.wanted()
        reports = driver.reports(deadline.within(_REPORTS_S))
        cluster = look(inputs, driver, reports, deadline)
        if cluster is None:
            unmade = unmade_fields(wanted, reports)
            if unmade is None or bound.get("born"):
                raise Unreachable(
                    DEVICE,
                    "read its state",
                    "no quorum of mons answers",
                    "`pulumi up` starts what is stopped on the nodes that answer.",
                )
            return Seen(unmade)
        born = bound.get("born")
        if born and cluster.born and born != cluster.born:
            cause = f"this cluster was made {cluster.born}, and ours {born}"
            raise WrongMachine(DEVICE, "read its state", cause, "Find out who made another one.")
        return Seen(
            seen_fields(wanted, cluster, reports, bound), {**_outs(cluster), _LEFT: losses(cluster, reports)}
        )

    def read(self, id_: str, props: Props) -> ReadResult:
        """As any; and the plan says what would be left if a node died now."""
        result = super().read(id_, props)
        outs = result.outs or {}
        for line in losses(None, {}) if outs.get("fault") else outs.get(_LEFT, ()):
            runtime.of_the_site(line)
        return result

    def converge(self, inputs: CephClusterInputs, bound: Mapping[str, Any]) -> None:
        """Make it, mend it, grow it, shrink it."""
        before = dict(bound.get("agents") or {})
        driver = open_ceph(inputs, before)
        boot_node = BootNodeClient(inputs.boot_node_address, inputs.access.ca_pem, inputs.access.identity())
        CephDeploy(
            driver, boot_node, inputs.wanted(), inputs.keys, inputs.deploy_s, str(bound.get("born") or "")
        ).run()
        changed(inputs.site)

    def remove(self, inputs: CephClusterInputs) -> None:
        """Stop the daemons in order, so that nodes may go. The data stays on the disks."""
        driver = open_ceph(inputs)
        deadline = Deadline.after(_STOP_S, runtime.CANCELLED)
        reports = driver.reports(deadline.within(_REPORTS_S))
        if driver.observe(reports, deadline) is not None:
            # Else the OSDs that stop first would be taken for lost, and their data copied.
            driver.change([Order({"prefix": "osd set", "key": "noout"})], deadline)
        for node, report in reports.items():
            if report is not None and any(state == RUNNING for state in report.services.values()):
                driver.run(node, ceph_layout.STOP, {}, deadline)
        runtime.info_once("the cluster's data stays on the disks; a later `pulumi up` adopts it")

    def outlook(self, inputs: CephClusterInputs, deadline: Deadline) -> list[str]:
        """Whether it would be made or adopted, as far as it can be seen now."""
        driver = open_ceph(inputs)
        reports = driver.reports(deadline.within(_REPORTS_S))
        cluster = driver.observe(reports, deadline)
        if cluster is not None:
            return [f"adopts cluster {cluster.fsid}, made {cluster.born}, with {len(cluster.osds)} OSDs"]
        disks = ", ".join(inputs.osd_hosts)
        if unmade_fields(inputs.wanted(), reports) is None:
            return [f"adopts cluster {inputs.fsid}: its data is on the nodes; no quorum of mons answers yet"]
        return [
            f"mons on {', '.join(inputs.mon_addresses)}; OSDs on {disks}, if they are blank or carry an OSD "
            f"of cluster {inputs.fsid}; anything else on them stops it"
        ]


def _outs(cluster: Cluster) -> Props:
    return {
        "born": cluster.born,
        "health": cluster.health.status,
        "healthChecks": cluster.health.checks,
        "capacityGib": round(cluster.capacity.total_bytes / _GIB, 1),
        "usedGib": round(cluster.capacity.used_bytes / _GIB, 1),
    }


class CephCluster(Resource, module="piston", name="CephCluster"):
    """The cluster storage of the site."""

    def __init__(self, name: str, inputs: CephClusterInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(CephClusterProvider(), name, CephClusterProvider.sealed(inputs), opts)

"""CephPool: one pool with its application, copies, placement groups, quota and CRUSH rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.ceph import CephDriver, Order
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.ceph_access import WithCeph, changed, look, open_ceph
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.errors import DeviceRefused, Interrupted, TimedOut, Unreachable
from piston_iac.plan.ceph.pools import commands, refusal, seen_fields
from piston_iac.plan.ceph.seen import Cluster
from piston_iac.plan.ceph.wanted import WantedPool

_REPORTS_S = 7.0
_CHANGE_S = 300.0
# A cluster that gives no answer for so long has more wrong with it than an election.
_SILENCE_S = 60.0
_POLL_S = 1.0


class CephPoolInputs(WithCeph):
    """How to reach the cluster, and the pool's fields. `quota_bytes` 0: none; sizes in bytes."""

    pool: str
    exists: bool = True
    size: int
    min_size: int
    pg_num: int
    autoscale: bool = False
    quota_bytes: int
    applications: tuple[str, ...]
    rule: dict[str, str]

    def wanted(self) -> WantedPool:
        """The pool in the plan's terms."""
        device_class = self.rule["deviceClass"]
        return WantedPool(
            name=self.pool,
            application=self.applications[0] if self.applications else "",
            size=self.size,
            min_size=self.min_size,
            pg_num=self.pg_num,
            rule=self.rule["name"],
            spread_over=self.rule["spreadOver"],
            device_class="" if device_class == "any" else device_class,
            quota_bytes=self.quota_bytes,
        )


class CephPoolProvider(Converging[CephPoolInputs]):
    """Observes and converges one pool."""

    model = CephPoolInputs
    secrets = frozenset({"access", "adminKey"})
    untold = frozenset({"agents", "monHosts"})

    def name(self, inputs: CephPoolInputs) -> str:
        """`ceph-pool/vms`."""
        return f"ceph-pool/{inputs.pool}"

    def observe(self, inputs: CephPoolInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The pool as the mons tell it. While no mon answers nothing is said: CephCluster says that."""
        cluster = _look(inputs, open_ceph(inputs), deadline)
        return Seen(seen_fields(inputs.wanted(), cluster) if cluster else {})

    def converge(self, inputs: CephPoolInputs, bound: Mapping[str, Any]) -> None:
        """Send what is needed, until it is as wanted. The mgr may take its time to move placement groups."""
        driver, wanted = open_ceph(inputs), inputs.wanted()
        deadline = Deadline.after(_CHANGE_S, runtime.CANCELLED)
        silence = Deadline.after(_SILENCE_S, runtime.CANCELLED)
        while True:
            try:
                if self._is_made(inputs, driver, wanted, deadline):
                    return
                silence = Deadline.after(_SILENCE_S, runtime.CANCELLED)
            except Unreachable as error:
                # Mons that elect a leader answer again in a moment.
                if silence.over():
                    raise
                runtime.info_status(f"{self._device(inputs)}: {error.cause}")
            self._pause(inputs, deadline)

    def _is_made(
        self, inputs: CephPoolInputs, driver: CephDriver, wanted: WantedPool, deadline: Deadline
    ) -> bool:
        """One look, and the commands that it asks for; True when it asks for none."""
        device = self._device(inputs)
        cluster = _look(inputs, driver, deadline)
        if cluster is None:
            raise Unreachable(device, "make it", "no quorum of mons answers", "Repair the cluster first.")
        reason = refusal(wanted, cluster)
        if reason:
            raise DeviceRefused(device, "make it", reason, "Change it in the stack file.")
        needed = commands(wanted, cluster)
        if needed:
            doing(device, ", ".join(str(it["prefix"]) for it in needed))
            driver.change([Order(command) for command in needed], deadline)
            changed(inputs.site)
        return not needed

    def _pause(self, inputs: CephPoolInputs, deadline: Deadline) -> None:
        if deadline.cancelled.is_set():
            raise Interrupted(
                self._device(inputs), "make it", "the run was told to stop", "Run `pulumi up` again."
            )
        if deadline.over():
            raise TimedOut(
                self._device(inputs), "make it", "it is not as wanted yet", "Run `pulumi up` again."
            )
        deadline.pause(_POLL_S)

    def _device(self, inputs: CephPoolInputs) -> str:
        return f"pool {inputs.pool}"

    def remove(self, inputs: CephPoolInputs) -> None:
        """Nothing is deleted: a pool is its data."""
        runtime.info_once("the pool and its data stay in the cluster; a later `pulumi up` adopts them")


def _look(inputs: CephPoolInputs, driver: CephDriver, deadline: Deadline) -> Cluster | None:
    return look(inputs, driver, driver.reports(deadline.within(_REPORTS_S)), deadline)


class CephPool(Resource, module="piston", name="CephPool"):
    """One pool of the cluster storage."""

    def __init__(self, name: str, inputs: CephPoolInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(CephPoolProvider(), name, CephPoolProvider.sealed(inputs), opts)

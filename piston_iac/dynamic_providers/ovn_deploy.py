"""What the loop looks at and does for OVN's databases. The decisions are in `plan.cloud.ovn_steps`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.deploy_loop import NODES, DeployLoop, progress_of
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.plan.ceph.actions import Attempt, Bootstrap, FinishPermit, Permit
from piston_iac.plan.cloud.ovn_steps import DropStrangers, Look, Step, next_step

DEVICE = "OVN central"
_WAITING = Waiting(DEVICE, "become ready", NODES, poll_s=1.0)
_LOOK_S = 20.0
_ACTION_S = 90.0
_SETTLE_S = 120.0


@dataclass
class OvnDeploy:
    """One attempt. `members`: address by host; `deploy_s`: what a node may take to be ready, seconds;
    `known`: the ids of the databases it is bound to.
    """

    driver: ControlPlaneDriver
    boot_node: BootNodeClient
    members: Mapping[str, str]
    deploy_s: float
    known: str

    def run(self) -> None:
        """Converge the databases.

        Raises:
            PistonError: one line with what was waited for or refused, and what to do.
        """
        DeployLoop(
            _WAITING,
            _ACTION_S,
            _SETTLE_S,
            look=self._look,
            progress=lambda look: (progress_of(look.reports), look.looks),
            decide=self._decide,
            apply=self.driver.apply,
            do=self._do,
        ).run(Deadline.after(self.deploy_s, runtime.CANCELLED), Attempt(born=self.known))

    def _look(self, arrival: Deadline) -> Look:
        deadline = Deadline.after(_LOOK_S, runtime.CANCELLED)
        reports = self.driver.reports(deadline)
        known = self.boot_node.observe(deadline).permits.get(layout.OVN_PERMIT)
        permit = Permit(known.node, known.state) if known else None
        given_up = frozenset(reports) if arrival.over() else runtime.given_up()
        return Look(reports, self.driver.ovn_looks(reports, deadline), permit, given_up)

    def _decide(self, look: Look, attempt: Attempt, still_s: float) -> Step:
        return next_step(self.members, look, attempt)

    def _do(self, step: object, attempt: Attempt, deadline: Deadline) -> Attempt:
        match step:
            case Bootstrap(node, instead_of):
                doing(DEVICE, f"{node}: makes OVN's databases")
                permit = self.boot_node.issue_permit(layout.OVN_PERMIT, node, deadline, instead_of=instead_of)
                self.driver.run(node, layout.OVN_BOOTSTRAP, {"permit": permit}, deadline)
            case FinishPermit():
                doing(DEVICE, "its databases are there: their permit is closed")
                self.boot_node.finish_permit(layout.OVN_PERMIT, deadline)
            case DropStrangers(node):
                doing(DEVICE, f"{node}: drops members on nodes that hold the databases no more")
                self.driver.run(node, layout.OVN_DROP, {}, deadline)
                told = {**attempt.told, node: attempt.told.get(node, 0) + 1}
                return replace(attempt, told=told)
        return attempt

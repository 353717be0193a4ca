"""What the loop looks at and does for the control plane. The decisions are in `plan.cloud.steps`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.control_plane import DEVICE, ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.deploy_loop import NODES, DeployLoop, progress_of
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.plan.ceph.actions import Attempt, Bootstrap, FinishPermit, Permit
from piston_iac.plan.cloud.fields import WantedControlPlane
from piston_iac.plan.cloud.steps import (
    GrowQueues,
    Look,
    ReloadBalancer,
    Revive,
    Step,
    balancer_of,
    next_step,
    queues_of,
)

_WAITING = Waiting(DEVICE, "become ready", NODES, poll_s=2.0)
_LOOK_S = 20.0
_ACTION_S = 260.0
_SETTLE_S = 240.0
# Members that start find each other within this; those that wait longer wait for one that does not come.
_STALL_S = 60.0


@dataclass
class ControlPlaneDeploy:
    """One attempt. `deploy_s`: what a node may take to be ready; `known`: the database it is bound to."""

    driver: ControlPlaneDriver
    boot_node: BootNodeClient
    wanted: WantedControlPlane
    deploy_s: float
    known: str

    def run(self) -> None:
        """Converge the control plane.

        Raises:
            PistonError: one line with what was waited for or refused, and what to do.
        """
        DeployLoop(
            _WAITING,
            _ACTION_S,
            _SETTLE_S,
            look=self._look,
            progress=_progress,
            decide=self._decide,
            apply=self.driver.apply,
            do=self._do,
        ).run(Deadline.after(self.deploy_s, runtime.CANCELLED), Attempt(born=self.known))

    def _look(self, arrival: Deadline) -> Look:
        deadline = Deadline.after(_LOOK_S, runtime.CANCELLED)
        reports = self.driver.reports(deadline)
        known = self.boot_node.observe(deadline).permits.get(layout.PERMIT)
        permit = Permit(known.node, known.state) if known else None
        given_up = frozenset(reports) if arrival.over() else runtime.given_up()
        return Look(reports, self.driver.looks(reports, deadline), permit, given_up)

    def _decide(self, look: Look, attempt: Attempt, still_s: float) -> Step:
        return next_step(self.wanted, replace(look, stalled=still_s >= _STALL_S), attempt)

    def _do(self, step: object, attempt: Attempt, deadline: Deadline) -> Attempt:
        match step:
            case Bootstrap(node, instead_of):
                doing(DEVICE, f"{node}: makes database and message bus")
                permit = self.boot_node.issue_permit(layout.PERMIT, node, deadline, instead_of=instead_of)
                self.driver.run(node, layout.BOOTSTRAP, {"permit": permit}, deadline)
            case FinishPermit():
                doing(DEVICE, "it is there: its permit is closed")
                self.boot_node.finish_permit(layout.PERMIT, deadline)
            case Revive(node):
                doing(DEVICE, f"{node}: begins the database again with what it has")
                self.driver.run(node, layout.REVIVE, {}, deadline)
            case ReloadBalancer(nodes):
                return self._each(nodes, layout.RELOAD_BALANCER, balancer_of, attempt, deadline)
            case GrowQueues(nodes):
                return self._each(nodes, layout.GROW_QUEUES, queues_of, attempt, deadline)
        return attempt

    def _each(
        self,
        nodes: tuple[str, ...],
        program: str,
        key: Callable[[str], str],
        attempt: Attempt,
        deadline: Deadline,
    ) -> Attempt:
        """Have each of them run a program, one after the other, and keep that they did."""
        for node in nodes:
            doing(DEVICE, f"{node}: {program}")
            self.driver.run(node, program, {}, deadline)
        return replace(attempt, told={**attempt.told, **dict.fromkeys(map(key, nodes), 1)})


def _progress(look: Look) -> object:
    """Changes whenever something moves: services of nodes, members of the control plane."""
    members = {
        host: (it.database.state, it.database.size, it.queues.running, it.has_address, it.down, it.out)
        for host, it in look.looks.items()
        if it
    }
    return progress_of(look.reports), members

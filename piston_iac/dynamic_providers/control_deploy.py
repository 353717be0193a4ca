"""The loop that brings the control plane to what is wanted: look, decide the next step, do it, until done.

The decisions are in `plan.cloud.steps`; here are only the doing, the waiting and the telling of progress.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.control_plane import DEVICE, ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.errors import DeviceRefused, Interrupted, TimedOut, Unreachable
from piston_iac.plan.ceph.actions import Apply, Attempt, Bootstrap, Done, Fail, FinishPermit, Permit, Wait
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

_POLL_S = 2.0
_LOOK_S = 20.0
_ACTION_S = 260.0
# From the moment that every host that comes is there. Counted anew whenever something changes.
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
        attempt = Attempt(born=self.known)
        arrival = Deadline.after(self.deploy_s, runtime.CANCELLED)
        deadline = Deadline.after(self.deploy_s + _SETTLE_S, runtime.CANCELLED)
        stall = Deadline.after(_STALL_S)
        before: object = None
        while True:
            look = self._look(arrival)
            if (now := _progress(look)) != before:
                before, stall = now, Deadline.after(_STALL_S)
                deadline = Deadline.after(max(arrival.left_s(), 0) + _SETTLE_S, runtime.CANCELLED)
            step = next_step(self.wanted, replace(look, stalled=stall.over()), attempt)
            match step:
                case Done(notes):
                    for note in notes:
                        runtime.warn(note)
                    return
                case Fail(cause, remedy):
                    raise DeviceRefused(DEVICE, "become ready", cause, remedy)
                case Wait(what, _):
                    self._wait(what, deadline)
                case _:
                    try:
                        attempt = self._do(step, attempt)
                    except Unreachable as error:
                        # An agent is busy: the next look shows how much of it was done.
                        self._wait(f"{error.device}: {error.cause}", deadline)

    def _look(self, arrival: Deadline) -> Look:
        deadline = Deadline.after(_LOOK_S, runtime.CANCELLED)
        reports = self.driver.reports(deadline)
        known = self.boot_node.observe(deadline).permits.get(layout.PERMIT)
        permit = Permit(known.node, known.state) if known else None
        given_up = frozenset(reports) if arrival.over() else runtime.given_up()
        return Look(reports, self.driver.looks(reports, deadline), permit, given_up)

    def _do(self, step: Step, attempt: Attempt) -> Attempt:
        deadline = Deadline.after(_ACTION_S, runtime.CANCELLED)
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
            case Apply(nodes, what):
                doing(DEVICE, what)
                for node in nodes:
                    self.driver.apply(node, deadline)
                told = {**attempt.told, **{node: attempt.told.get(node, 0) + 1 for node in nodes}}
                return replace(attempt, told=told)
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

    def _wait(self, what: str, deadline: Deadline) -> None:
        if deadline.cancelled.is_set():
            cause = f"the run was told to stop while waiting for {what}"
            raise Interrupted(DEVICE, "become ready", cause, "Run `pulumi up` again: it goes on from here.")
        if deadline.over():
            remedy = "Look at the nodes it names, then run `pulumi up` again: it goes on from here."
            raise TimedOut(DEVICE, "become ready", f"time is up while waiting for {what}", remedy)
        runtime.info_status(f"{DEVICE}: waiting for {what}, {deadline.left_s():.0f} s left")
        deadline.pause(_POLL_S)


def _progress(look: Look) -> object:
    """Changes whenever something moves: services of nodes, members of the control plane."""
    nodes = {node: (it.phase, tuple(it.services.items())) for node, it in look.reports.items() if it}
    members = {
        host: (it.database.state, it.database.size, it.queues.running, it.has_address, it.down, it.out)
        for host, it in look.looks.items()
        if it
    }
    return nodes, members

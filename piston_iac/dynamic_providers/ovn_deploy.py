"""The loop that brings OVN's databases to what is wanted: look, decide the next step, do it, until done.

The decisions are in `plan.cloud.ovn_steps`; here are only the doing, the waiting and the telling of progress.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.errors import DeviceRefused, Interrupted, TimedOut, Unreachable
from piston_iac.plan.ceph.actions import Apply, Attempt, Bootstrap, Done, Fail, FinishPermit, Permit, Wait
from piston_iac.plan.cloud.ovn_steps import DropStrangers, Look, Step, next_step

DEVICE = "OVN central"
_POLL_S = 1.0
_LOOK_S = 20.0
_ACTION_S = 90.0
# From the moment that every host that comes is there.
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
        attempt = Attempt(born=self.known)
        arrival = Deadline.after(self.deploy_s, runtime.CANCELLED)
        deadline = Deadline.after(self.deploy_s + _SETTLE_S, runtime.CANCELLED)
        before: object = None
        while True:
            look = self._look(arrival)
            if look != before:
                before = look
                deadline = Deadline.after(max(arrival.left_s(), 0) + _SETTLE_S, runtime.CANCELLED)
            step = next_step(self.members, look, attempt)
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
        known = self.boot_node.observe(deadline).permits.get(layout.OVN_PERMIT)
        permit = Permit(known.node, known.state) if known else None
        given_up = frozenset(reports) if arrival.over() else runtime.given_up()
        return Look(reports, self.driver.ovn_looks(reports, deadline), permit, given_up)

    def _do(self, step: Step, attempt: Attempt) -> Attempt:
        deadline = Deadline.after(_ACTION_S, runtime.CANCELLED)
        told: tuple[str, ...] = ()
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
                told = (node,)
            case Apply(told, what):
                doing(DEVICE, what)
                for node in told:
                    self.driver.apply(node, deadline)
        return replace(attempt, told={**attempt.told, **{it: attempt.told.get(it, 0) + 1 for it in told}})

    def _wait(self, what: str, deadline: Deadline) -> None:
        if deadline.cancelled.is_set():
            cause = f"the run was told to stop while waiting for {what}"
            raise Interrupted(DEVICE, "become ready", cause, "Run `pulumi up` again: it goes on from here.")
        if deadline.over():
            remedy = "Look at the nodes it names, then run `pulumi up` again: it goes on from here."
            raise TimedOut(DEVICE, "become ready", f"time is up while waiting for {what}", remedy)
        runtime.info_status(f"{DEVICE}: waiting for {what}, {deadline.left_s():.0f} s left")
        deadline.pause(_POLL_S)

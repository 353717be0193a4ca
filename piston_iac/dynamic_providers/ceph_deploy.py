"""What the loop looks at and does for the cluster storage. The decisions are in `plan.ceph.steps`."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.ceph import DEVICE, CephDriver, Order
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.deploy_loop import NODES, DeployLoop, progress_of
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import PistonError
from piston_iac.plan.ceph.actions import (
    NEW_STAMP,
    Attempt,
    Bootstrap,
    Change,
    Command,
    FinishPermit,
    Look,
    MakeOsd,
    Permit,
    RenewMon,
    Retire,
    Step,
)
from piston_iac.plan.ceph.seen import Osd
from piston_iac.plan.ceph.steps import leaving, next_step
from piston_iac.plan.ceph.wanted import WantedCluster, first_entities

_WAITING = Waiting(DEVICE, "become healthy", NODES, poll_s=1.0)
_LOOK_S = 15.0
_ACTION_S = 240.0
# Daemons start, data moves.
_SETTLE_S = 180.0


@dataclass
class CephDeploy:
    """One attempt. `keys` by the name they are derived for; `deploy_s`: what a node may take to be ready."""

    driver: CephDriver
    boot_node: BootNodeClient
    wanted: WantedCluster
    keys: dict[str, str]
    deploy_s: float
    born: str

    def run(self) -> None:
        """Converge the cluster.

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
        ).run(Deadline.after(self.deploy_s, runtime.CANCELLED), Attempt(born=self.born))

    def _look(self, arrival: Deadline) -> Look:
        deadline = Deadline.after(_LOOK_S, runtime.CANCELLED)
        reports = self.driver.reports(deadline)
        cluster = self.driver.observe(reports, deadline)
        if cluster is not None:
            out = [osd.number for osd in leaving(self.wanted, cluster) if not osd.is_in]
            cluster = replace(cluster, removable=self.driver.removable(out, reports, deadline))
        permit = None
        if cluster is None or not self.born:
            known = self.boot_node.observe(deadline).permits.get(ceph_layout.PERMIT)
            permit = Permit(known.node, known.state) if known else None
        given_up = frozenset(reports) if arrival.over() else runtime.given_up()
        return Look(reports, cluster, permit, given_up)

    def _decide(self, look: Look, attempt: Attempt, still_s: float) -> Step:
        return next_step(self.wanted, look, attempt)

    def _do(self, step: object, attempt: Attempt, deadline: Deadline) -> Attempt:
        match step:
            case Bootstrap(node, instead_of):
                self._say(f"{node}: makes the first mon")
                self._bootstrap(node, instead_of, deadline)
            case FinishPermit():
                self._say("the cluster is there: its permit is closed")
                self.boot_node.finish_permit(ceph_layout.PERMIT, deadline)
            case RenewMon(node):
                self._say(f"the mon of {node} was removed: it is made anew")
                self.driver.run(node, ceph_layout.MON_LEAVE, {}, deadline)
            case Change(what, commands, keys):
                self._say(what)
                orders = [Order(_stamped(it), self._text(it, keys.get(i))) for i, it in enumerate(commands)]
                self.driver.change(orders, deadline)
            case Retire(osd):
                self._say(f"OSD {osd.number} of {osd.host}: stop, clear its disk, remove")
                self._retire(osd, deadline)
            case tuple():
                self._make(step, deadline)
        return attempt

    def _bootstrap(self, node: str, instead_of: str, deadline: Deadline) -> None:
        permit = self.boot_node.issue_permit(ceph_layout.PERMIT, node, deadline, instead_of=instead_of)
        entities = {
            name: {"key": self.keys[name], "caps": caps}
            for name, caps in first_entities(self.wanted.mgrs).items()
        }
        arguments = {
            "node": node,
            "fsid": self.wanted.fsid,
            "address": self.wanted.mons[node],
            "permit": permit,
            "entities": entities,
        }
        self.driver.run(node, ceph_layout.MON_BOOTSTRAP, arguments, deadline)

    def _make(self, osds: tuple[MakeOsd, ...], deadline: Deadline) -> None:
        self._say(f"makes OSD {', '.join(str(osd.number) for osd in osds)}")

        def one(osd: MakeOsd) -> PistonError | None:
            arguments = {
                "serial": osd.serial,
                "id": osd.number,
                "uuid": osd.uuid,
                "fsid": self.wanted.fsid,
                "erase": osd.erase,
            }
            try:
                self.driver.run(osd.node, ceph_layout.OSD_MAKE, arguments, deadline)
            except PistonError as error:
                return error
            return None

        with ThreadPoolExecutor(max(1, len(osds))) as pool:
            faults = [fault for fault in pool.map(one, osds) if fault]
        if faults:
            raise faults[0]

    def _retire(self, osd: Osd, deadline: Deadline) -> None:
        if self.driver.knows(osd.host):
            try:
                self.driver.run(osd.host, ceph_layout.OSD_RETIRE, {"uuid": osd.uuid}, deadline)
            except PistonError as error:
                # Nobody misses it, so it leaves the map even when its node cannot be asked to clear it.
                runtime.warn(f"OSD {osd.number} keeps its old content: {error}")
        purge = {"prefix": "osd purge-actual", "id": osd.number, "yes_i_really_mean_it": True}
        self.driver.change([Order(purge)], deadline)

    def _text(self, command: dict[str, object], key_name: str | None) -> str:
        """What goes along with a command that hands over a key."""
        if key_name is None:
            return ""
        if command["prefix"] == "osd new":
            return json.dumps({"cephx_secret": self.keys[key_name]})
        return f"[{command['entity']}]\n\tkey = {self.keys[key_name]}\n"

    def _say(self, what: str) -> None:
        doing(DEVICE, what)


def _stamped(command: Command) -> Command:
    """The command with the time in the place that the plan left for it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {key: now if value == NEW_STAMP else value for key, value in command.items()}


def _progress(look: Look) -> object:
    """Changes whenever something moves: daemons, data, nodes."""
    nodes = progress_of(look.reports)
    if look.cluster is None:
        return nodes
    osds = tuple((osd.number, osd.up, osd.is_in) for osd in look.cluster.osds.values())
    return nodes, look.cluster.quorum, look.cluster.mgrs, osds, look.cluster.pgs

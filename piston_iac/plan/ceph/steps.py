"""The next action that brings the cluster toward what is wanted. Pure: one look in, one step out.

A cluster goes: nothing -> one mon, by permit -> all mons -> OSDs -> settled. Growth, repair and taking nodes
out are the same steps from another start. Data is moved before anything is taken away.
"""

from __future__ import annotations

from piston_iac.ceph_layout import osd_key_name
from piston_iac.plan.ceph import layout
from piston_iac.plan.ceph.actions import (
    BORN_KEY,
    NEW_STAMP,
    Apply,
    Attempt,
    Bootstrap,
    Change,
    Command,
    Done,
    Fail,
    FinishPermit,
    Look,
    MakeOsd,
    RenewMon,
    Retire,
    Step,
    Wait,
)
from piston_iac.plan.ceph.nodes import (
    ABSENT,
    MON,
    STOPPED,
    Disk,
    DiskState,
    disk_state,
    part,
    stopped,
    traces,
    usable,
)
from piston_iac.plan.ceph.repairs import repairs
from piston_iac.plan.ceph.seen import Cluster, Osd
from piston_iac.plan.ceph.strangers import taking_strangers_out
from piston_iac.plan.ceph.wanted import WantedCluster


def next_step(wanted: WantedCluster, look: Look, attempt: Attempt) -> Step:
    """Choose the next action for the cluster."""
    cluster = look.cluster
    if cluster is None:
        return _without_cluster(wanted, look, attempt)
    if cluster.fsid != wanted.fsid:
        cause = f"the mons belong to cluster {cluster.fsid}, not to {wanted.fsid}"
        return Fail(cause, "Check the mon hosts' addresses and the site's seed.")
    if not cluster.born:
        return Change("stamp the cluster", (_stamp(attempt.born),))
    if attempt.born and attempt.born != cluster.born:
        cause = f"another cluster answers: made {cluster.born}, ours was made {attempt.born}"
        return Fail(cause, "Find out who made it. Nothing was changed.")
    if look.permit and look.permit.state != "finished":
        return FinishPermit()
    for part_of in (_mons, _start, _settings, _osds, _taking_out):
        step = part_of(wanted, look, cluster, attempt)
        if step is not None:
            return step
    return taking_strangers_out(wanted, cluster) or _end(wanted, look, cluster)


def _stamp(born: str) -> Command:
    """Mark the cluster as this very one. One whose mons were rebuilt has lost its mark: it gets it again."""
    return {"prefix": "config-key set", "key": BORN_KEY, "val": born or NEW_STAMP}


# No cluster answers -------------------------------------------------------------------------------------


def _without_cluster(wanted: WantedCluster, look: Look, attempt: Attempt) -> Step:
    found = traces(look.reports, wanted.fsid)
    if found:
        return _recover(wanted, look, attempt, found)
    if attempt.born or (look.permit and look.permit.state == "finished"):
        return _lost(wanted, look)
    return _first(wanted, look)


def _recover(wanted: WantedCluster, look: Look, attempt: Attempt, found: list[str]) -> Step:
    """It was made before: start what is stopped, wait for a quorum, never make another."""
    idle = tuple(node for node in found if stopped(look.reports[node]) and attempt.may_tell(node))
    if idle:
        return Apply(idle, f"start Ceph on {', '.join(idle)}")
    stores = [node for node in wanted.mons if part(look.reports.get(node), MON) not in ("", ABSENT)]
    unknown = [node for node in wanted.mons if not usable(look.reports.get(node))]
    if not stores and not unknown:
        cause = f"every mon store is gone, and OSDs are there ({', '.join(found)})"
        return Fail(cause, "Run `piston ceph rebuild-mons`: it makes the stores from the OSDs.")
    return Wait(
        f"a quorum of {', '.join(wanted.mons)}" + (f", without {', '.join(unknown)}" if unknown else "")
    )


def _lost(wanted: WantedCluster, look: Look) -> Step:
    silent = [node for node in wanted.mons if not usable(look.reports.get(node))]
    waiting = [node for node in silent if node not in look.given_up]
    if waiting:
        return Wait(f"the mon hosts {', '.join(waiting)}")
    cause = "this cluster was made before, and nothing of it is to be seen on the nodes that answer"
    remedy = "Bring the other nodes and disks back. To give it up for good: `piston ceph forget`."
    return Fail(cause, remedy)


def _first(wanted: WantedCluster, look: Look) -> Step:
    ready = [node for node in wanted.mons if usable(look.reports.get(node))]
    needed = len(wanted.mons) // 2 + 1
    before = look.permit.node if look.permit else ""
    if before and before not in ready:
        if look.permit and look.permit.state == "issued" and len(ready) >= needed:
            return Bootstrap(ready[0], instead_of=before)
        if before in look.given_up:
            cause = f"{before} may hold a cluster that was just made, and is not ready in this run"
            return Fail(cause, f"Bring {before} back, then run `pulumi up` again.")
        return Wait(f"{before}, which may hold a cluster that was just made")
    lost = [node for node in wanted.mons if node not in ready and node in look.given_up]
    if len(wanted.mons) - len(lost) < needed:
        cause = (
            f"no majority of mons: {', '.join(lost)} of {', '.join(wanted.mons)} are not ready in this run"
        )
        return Fail(cause, "Repair them, then run `pulumi up` again: it goes on from here.")
    if len(ready) < needed:
        return Wait(f"{needed} of the mon hosts {', '.join(wanted.mons)}")
    return Bootstrap(before or ready[0])


# A cluster answers --------------------------------------------------------------------------------------


def _mons(wanted: WantedCluster, look: Look, cluster: Cluster, attempt: Attempt) -> Step | None:
    """One mon after the other: while one joins, the quorum needs it."""
    for node in wanted.mons:
        report = look.reports.get(node)
        if node in cluster.quorum or not usable(report):
            continue
        if part(report, MON) == ABSENT or stopped(report):
            if not attempt.may_tell(node):
                return Fail(f"the mon of {node} does not join", f"See `journalctl` of {node} at its console.")
            if node not in cluster.mons and part(report, MON) == STOPPED and attempt.told.get(node):
                return RenewMon(node)
            return Apply((node,), f"mon of {node} joins")
        return Wait(f"the mon of {node} to join the quorum")
    strangers = [name for name in cluster.mons if name not in wanted.mons]
    if strangers and all(node in cluster.quorum for node in wanted.mons):
        return Change(f"remove mon {strangers[0]}", ({"prefix": "mon remove", "name": strangers[0]},))
    return None


def _start(wanted: WantedCluster, look: Look, cluster: Cluster, attempt: Attempt) -> Step | None:
    idle = tuple(
        node
        for node, report in look.reports.items()
        if stopped(report) and usable(report) and attempt.may_tell(node)
    )
    return Apply(idle, f"start Ceph on {', '.join(idle)}") if idle else None


def _settings(wanted: WantedCluster, look: Look, cluster: Cluster, attempt: Attempt) -> Step | None:
    commands, keys = repairs(wanted, cluster)
    return Change("settings of the cluster", commands, keys) if commands else None


def _osds(wanted: WantedCluster, look: Look, cluster: Cluster, attempt: Attempt) -> Step | None:
    new: list[Command] = []
    keys: dict[int, str] = {}
    make: list[MakeOsd] = []
    for serial, node in wanted.osds.items():
        report = look.reports.get(node)
        if report is None or not usable(report):
            continue
        uuid = layout.osd_uuid(wanted.fsid, serial)
        disk = disk_state(report, serial, wanted.fsid, uuid)
        erase = disk.state is Disk.FOREIGN and not disk.live and serial in wanted.wipe
        known = cluster.osd_of(uuid)
        if disk.state is not Disk.EMPTY and not erase:
            if known and not known.is_in and disk.state is Disk.OWN:
                new.append({"prefix": "osd in", "ids": [str(known.number)]})
            continue
        if known is None:
            keys[len(new)] = osd_key_name(serial)
            new.append(_osd_new(uuid, _free_number(cluster, node, new)))
        elif known.fresh:
            make.append(MakeOsd(node, serial, known.number, uuid, erase))
        elif not known.up:
            # It ran once, and its disk is empty now: what it held is gone whatever we do.
            new.append({"prefix": "osd destroy-actual", "id": known.number, "yes_i_really_mean_it": True})
    if new:
        return Change("OSDs in the cluster's map", tuple(new), keys)
    return tuple(make) if make else None


def _osd_new(uuid: str, number: int | None) -> Command:
    command: Command = {"prefix": "osd new", "uuid": uuid}
    return command if number is None else {**command, "id": number}


def _free_number(cluster: Cluster, node: str, taken: list[Command]) -> int | None:
    """The number of an OSD of this node that was destroyed: it keeps its place in the CRUSH map."""
    used = {command.get("id") for command in taken}
    free = [it.number for it in cluster.osds.values() if it.destroyed and it.host == node]
    return next((number for number in sorted(free) if number not in used), None)


def _taking_out(wanted: WantedCluster, look: Look, cluster: Cluster, attempt: Attempt) -> Step | None:
    """OSDs that the stack file no longer names: out, wait until nobody misses them, stop, clear, purge."""
    going = leaving(wanted, cluster)
    inside = [str(osd.number) for osd in going if osd.is_in]
    if inside:
        return Change(f"take OSD {', '.join(inside)} out", ({"prefix": "osd out", "ids": inside},))
    for osd in going:
        if osd.number in cluster.removable:
            return Retire(osd)
    if going:
        named = ", ".join(f"{osd.number} ({osd.host})" for osd in going)
        return Wait(f"the data of OSD {named} to be elsewhere: {moving(cluster)}")
    empty = [host for host in cluster.empty_hosts if host not in wanted.osds.values()]
    if empty:
        return Change(
            f"remove {empty[0]} from the CRUSH map", ({"prefix": "osd crush rm", "name": empty[0]},)
        )
    return None


def leaving(wanted: WantedCluster, cluster: Cluster) -> list[Osd]:
    """OSDs that the stack file does not name."""
    own = wanted.own_uuids()
    return [osd for osd in cluster.osds.values() if osd.uuid not in own and not osd.destroyed]


def moving(cluster: Cluster) -> str:
    """How many placement groups are not where they belong."""
    total = sum(cluster.pgs.values())
    clean = sum(count for state, count in cluster.pgs.items() if "active+clean" in state)
    return f"{clean} of {total} placement groups are"


# Is it done? ---------------------------------------------------------------------------------------------


def _end(wanted: WantedCluster, look: Look, cluster: Cluster) -> Step:
    absent = sorted({*wanted.mons, *wanted.osds.values()} - {n for n, r in look.reports.items() if usable(r)})
    coming = [node for node in absent if node not in look.given_up]
    if coming:
        return Wait(f"{', '.join(coming)} to be ready for its part of the cluster storage")
    refused = _refusals(wanted, look)
    waiting = _not_up(wanted, look, cluster)
    if waiting:
        return Wait(f"OSD of {', '.join(waiting)} to come up")
    mgrs = [node for node in wanted.mgrs if node not in cluster.mgrs and node not in absent]
    if mgrs:
        return Wait(f"the mgr of {', '.join(mgrs)}")
    if refused:
        named = "; ".join(f"{serial} of {node} {state.what}" for serial, node, state in refused)
        remedy = "If the data may go, name the serial under `wipe:` of its node; else correct the stack file."
        return Fail(f"OSD disks refused: {named}", remedy)
    if absent:
        return Done((f"without {', '.join(absent)}: its part is made by the next `pulumi up` that finds it",))
    if not cluster.settled():
        return Wait(f"the data to be in place: {moving(cluster)}")
    if cluster.health.status != "HEALTH_OK":
        return Wait(f"{cluster.health.status}: {'; '.join(cluster.health.checks.values())}", optional=True)
    return Done()


def _refusals(wanted: WantedCluster, look: Look) -> list[tuple[str, str, DiskState]]:
    found = []
    for serial, node in wanted.osds.items():
        report = look.reports.get(node)
        if report is not None and usable(report):
            state = disk_state(report, serial, wanted.fsid, layout.osd_uuid(wanted.fsid, serial))
            if state.state in (Disk.FOREIGN, Disk.GONE):
                found.append((serial, node, state))
    return found


def _not_up(wanted: WantedCluster, look: Look, cluster: Cluster) -> list[str]:
    """OSDs that are not up, in, and on their disks: the map still calls one up that just lost its disk."""
    slow = []
    for serial, node in wanted.osds.items():
        report = look.reports.get(node)
        if report is None or not usable(report):
            continue
        uuid = layout.osd_uuid(wanted.fsid, serial)
        osd, disk = cluster.osd_of(uuid), disk_state(report, serial, wanted.fsid, uuid)
        there = disk.state is Disk.OWN and osd and osd.up and osd.is_in
        if disk.state not in (Disk.FOREIGN, Disk.GONE) and not there:
            slow.append(serial)
    return slow

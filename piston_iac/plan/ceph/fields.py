"""What a plan compares of the cluster: wanted fields, and the same fields as they are. Pure.

`osds` are named by the serials of their disks; one that the stack file does not know, by number and host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piston_iac.plan.ceph import layout
from piston_iac.plan.ceph.nodes import Reports, traces
from piston_iac.plan.ceph.repairs import strange_flags, wrong_auth
from piston_iac.plan.ceph.seen import Cluster
from piston_iac.plan.ceph.strangers import stranger_fields
from piston_iac.plan.ceph.wanted import WantedCluster

IN_QUORUM, OUT_OF_QUORUM = "in quorum", "out of quorum"
RUNNING, MISSING = "running", "missing"
UP_IN = "up, in"
Fields = dict[str, Any]


def wanted_fields(wanted: WantedCluster) -> Fields:
    """The fields of a cluster that is as wanted."""
    return {
        "fsid": wanted.fsid,
        "mons": dict.fromkeys(wanted.mons, IN_QUORUM),
        "mgrs": dict.fromkeys(wanted.mgrs, RUNNING),
        "osds": dict.fromkeys(wanted.osds, UP_IN),
        "flags": [],
        "options": {},
        "auth": {},
        "strangers": {},
        "awaits": [],
    }


def unmade_fields(wanted: WantedCluster, reports: Reports) -> Fields | None:
    """The fields while there is no cluster at all; None when there are traces of one."""
    if traces(reports, wanted.fsid):
        return None
    return {
        **wanted_fields(wanted),
        "mons": dict.fromkeys(wanted.mons, MISSING),
        "mgrs": dict.fromkeys(wanted.mgrs, MISSING),
        "osds": dict.fromkeys(wanted.osds, MISSING),
    }


def seen_fields(
    wanted: WantedCluster, cluster: Cluster, reports: Reports, before: Mapping[str, Any]
) -> Fields:
    """The fields as they are.

    The daemons of a node that gives no answer, or whose data cable is out, keep their last value: that
    node's own line says why they are away. `awaits` names those nodes: what they bring back has to be looked
    at in the run that brings them back.

    Args:
        before: the fields' last values.
    """
    silent = {node for node, report in reports.items() if report is None or report.uplink not in ("", "up")}

    def kept(field: str, key: str, now: str) -> str:
        return str(before.get(field, {}).get(key, now))

    mons = {name: IN_QUORUM if name in cluster.quorum else OUT_OF_QUORUM for name in cluster.mons}
    for node in wanted.mons:
        now = mons.get(node, MISSING)
        mons[node] = kept("mons", node, now) if node in silent else now
    mgrs = dict.fromkeys(cluster.mgrs, RUNNING)
    for node in wanted.mgrs:
        now = mgrs.get(node, MISSING)
        mgrs[node] = kept("mgrs", node, now) if node in silent else now
    osds = _osds(wanted, cluster)
    for serial, node in wanted.osds.items():
        if node in silent:
            osds[serial] = kept("osds", serial, osds[serial])
    return {
        "fsid": cluster.fsid,
        "mons": mons,
        "mgrs": mgrs,
        "osds": osds,
        "flags": strange_flags(cluster),
        "options": dict(cluster.options),
        "auth": wrong_auth(wanted, cluster),
        "strangers": stranger_fields(wanted, cluster),
        "awaits": sorted(silent),
    }


def _osds(wanted: WantedCluster, cluster: Cluster) -> dict[str, str]:
    serials = {layout.osd_uuid(wanted.fsid, serial): serial for serial in wanted.osds}
    states = dict.fromkeys(wanted.osds, MISSING)
    for osd in cluster.osds.values():
        if osd.destroyed:
            continue
        state = f"{'up' if osd.up else 'down'}, {'in' if osd.is_in else 'out'}"
        states[serials.get(osd.uuid, f"osd.{osd.number} on {osd.host or 'no host'}")] = state
    return states

"""From answers to a status. Pure: no device is asked, and the same answers give the same status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from piston_iac.devices.boot_node import BootNodeState
from piston_iac.dynamic_providers.converging import Props, Seen
from piston_iac.dynamic_providers.shown import shown_changes
from piston_iac.errors import TimedOut, Unreachable
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.fields import IN_QUORUM, UP_IN
from piston_iac.plan.ceph.layout import mon_hosts, osd_hosts
from piston_iac.plan.cloud.fields import IN_STEP, MEMBER
from piston_iac.plan.cloud.hosts import control_hosts, ovn_hosts
from piston_iac.program.declared import (
    BOOT_NODE,
    CEPH,
    Declared,
    bmc_device,
    bmc_name,
    switch_device,
)
from piston_iac.site.schema import Site
from piston_iac.status import model
from piston_iac.status.asking import Answer
from piston_iac.status.model import SILENT, UNKNOWN, Difference, Resource, Verdict
from piston_iac.status.probes import BOOT_STATE, BmcSeen, report_key, resource_key

Answers = Mapping[str, Answer]
_ACTIVE = "active"
_CLUSTER, _POOL = "CephCluster", "CephPool"
_PLANE, _OVN, _SERVICE = "ControlPlane", "OvnCentral", "OpenStackService"
_PLANE_NAME, _OVN_NAME = "control-plane", "ovn-central"
# Providers of pools say nothing then; their cluster's says it in the same words, and it is told once.
_NO_MON = "no quorum of mons answers"
_NOT_IN_TIME = "no mon answered the look at its pools in time"


def status(
    site: Site,
    declared: Sequence[Declared],
    answers: Answers,
    at: str,
    notes: Sequence[str] = (),
    waiting: Mapping[str, float] | None = None,
) -> model.Status:
    """The whole status, of the answers that are there.

    Args:
        at: UTC time in ISO 8601.
        notes: what could not be compared, and why.
        waiting: seconds by device that has not answered yet.
    """
    cluster = _seen(answers, "ceph")
    rows = [resource(it, answers.get(resource_key(it.name)), _silence(cluster)) for it in declared]
    return model.Status(
        site=site.name,
        at=at,
        release=site.release,
        nodes=tuple(_node(site, name, declared, rows, answers, cluster) for name in site.nodes),
        bmcs=tuple(_bmc(name, rows, answers) for name in site.nodes),
        switches=tuple(_switch(name, rows) for name in type(site.switches).model_fields),
        boot_node=_boot_node(site, rows, answers),
        ceph=_ceph(site, rows, cluster),
        resources=tuple(rows),
        notes=tuple(notes),
        waiting=dict(waiting or {}),
        cloud=_cloud(
            rows,
            _seen(answers, _PLANE_NAME),
            _seen(answers, _OVN_NAME),
            len(control_hosts(site)),
            len(ovn_hosts(site)),
        ),
    )


def resource(it: Declared, answer: Answer | None, silence: str) -> Resource:
    """One resource: how what is seen differs from what is wanted, or why it cannot be seen.

    Args:
        silence: why a pool of which nobody told anything could not be seen; empty while there are none.
    """

    row = Resource(it.name, it.kind, it.device, Verdict.RIGHT, took_s=answer.took_s if answer else 0.0)
    if answer is None:
        return replace(row, verdict=Verdict.UNASKED)
    if (error := answer.error) is not None:
        gone = isinstance(error, Unreachable | TimedOut)
        verdict = Verdict.UNREACHABLE if gone else Verdict.FAULT
        return replace(row, verdict=verdict, reason=error.cause, remedy=error.remedy, blames=error.device)
    seen = _seen_of(answer)
    fields = dict(seen.fields) if seen else {}
    if not fields:
        verdict = Verdict.UNREACHABLE if silence else Verdict.UNASKED
        return replace(row, verdict=verdict, reason=silence)
    fault = str(fields.pop("fault", ""))
    differences = tuple(compare(it, fields))
    verdict = Verdict.FAULT if fault else Verdict.DIFFERS if differences else Verdict.RIGHT
    return replace(row, verdict=verdict, differences=differences, reason=fault)


def _silence(cluster: Seen | None) -> str:
    """Why nobody tells of a pool. Of a cluster that was never made no pool is missed."""
    if cluster is None:
        return _NO_MON
    return _NOT_IN_TIME if cluster.outs else ""


def compare(it: Declared, fields: Props) -> list[Difference]:
    """The fields that differ, as the plan names them. What was not seen counts as it is wanted."""
    wanted = it.inputs.props()
    lines = shown_changes({**wanted, **fields}, wanted, it.provider.secrets)
    found = (_difference(line) for line in lines)
    return [one for one in found if one.field.partition(".")[0] not in it.provider.untold]


def _difference(line: str) -> Difference:
    path, _, values = line.partition(": ")
    seen, _, wanted = values.partition(" => ")
    return Difference(path, seen, wanted)


def _seen_of(answer: Answer | None) -> Seen | None:
    value = answer.value if answer else None
    if isinstance(value, BmcSeen):
        return value.seen
    return value if isinstance(value, Seen) else None


def _seen(answers: Answers, name: str) -> Seen | None:
    return _seen_of(answers.get(resource_key(name)))


def _of_device(rows: Sequence[Resource], device: str) -> list[Resource]:
    return [row for row in rows if row.device == device]


def _worst(rows: Sequence[Resource]) -> Verdict:
    """Of several: what to tell of the device that they are on."""
    order = (Verdict.UNREACHABLE, Verdict.FAULT, Verdict.DIFFERS, Verdict.UNASKED)
    found = {row.verdict for row in rows}
    return next((verdict for verdict in order if verdict in found), Verdict.RIGHT)


def _report(answers: Answers, node: str) -> NodeReport | None:
    answer = answers.get(report_key(node))
    return answer.value if answer and isinstance(answer.value, NodeReport) else None


def _node(
    site: Site,
    name: str,
    declared: Sequence[Declared],
    rows: Sequence[Resource],
    answers: Answers,
    cluster: Seen | None,
) -> model.Node:
    report, serials = _report(answers, name), site.nodes[name].disks.osd
    asked = report_key(name) in answers
    own = {it.name for it in declared if it.node == name}
    states: Mapping[str, str] = cluster.fields.get("osds", {}) if cluster else {}
    return model.Node(
        name=name,
        power=_power(answers, name, report),
        phase=report.phase if report else SILENT if asked else UNKNOWN,
        progress=report.progress if report else "",
        fault=report.fault if report else "",
        release=report.release if report else UNKNOWN,
        release_wanted=site.release,
        units_wrong={unit: state for unit, state in report.units.items() if state != _ACTIVE}
        if report
        else {},
        mirror=report.mirror.state if report else UNKNOWN,
        uplink=(report.uplink or UNKNOWN) if report else UNKNOWN,
        osds=len(serials),
        osds_up=sum(states.get(serial) == UP_IN for serial in serials) if states else None,
        wrong=sum(_weight(row) for row in rows if row.name in own),
    )


def _weight(row: Resource) -> int:
    """How many lines of a plan a resource is."""
    told = row.verdict in (Verdict.UNREACHABLE, Verdict.FAULT)
    return len(row.differences) + told


def _power(answers: Answers, node: str, report: NodeReport | None) -> str:
    """The BMC's word; of a BMC that does not say, what the agent's answer means."""
    answer = answers.get(resource_key(bmc_name(node)))
    look = answer.value if answer else None
    if isinstance(look, BmcSeen) and look.power is not None:
        return look.power.value
    return "on" if report else UNKNOWN


def _bmc(node: str, rows: Sequence[Resource], answers: Answers) -> model.Bmc:
    seen = _seen(answers, bmc_name(node))
    return model.Bmc(
        device=bmc_device(node),
        verdict=_worst(_of_device(rows, bmc_device(node))),
        login=str(seen.fields.get("login", UNKNOWN)) if seen else UNKNOWN,
        power=_power(answers, node, None),
    )


def _switch(name: str, rows: Sequence[Resource]) -> model.Switch:
    own = _of_device(rows, switch_device(name))
    right = sum(row.verdict is Verdict.RIGHT for row in own)
    return model.Switch(switch_device(name), _worst(own), right, len(own))


def _boot_node(site: Site, rows: Sequence[Resource], answers: Answers) -> model.BootNode:
    answer = answers.get(BOOT_STATE)
    state = answer.value if answer and isinstance(answer.value, BootNodeState) else None
    if state is None:
        verdict = Verdict.UNREACHABLE if answer else Verdict.UNASKED
        return model.BootNode(verdict, {}, UNKNOWN, site.release, False, UNKNOWN, UNKNOWN)
    release = str((state.settings or {}).get("release", "none"))
    stored = state.releases.get(release)
    lease = state.lease
    return model.BootNode(
        verdict=_worst(_of_device(rows, BOOT_NODE)),
        services=dict(state.services),
        release=release,
        release_wanted=site.release,
        release_complete=stored is not None and stored.complete,
        lease=f"{lease.holder}, {lease.left_s:.0f} s left" if lease else "free",
        clock="in step" if state.clock.get("synchronised") else "not in step",
    )


def _ceph(site: Site, rows: Sequence[Resource], cluster: Seen | None) -> model.Ceph:
    own = _of_device(rows, CEPH)
    pools = [row for row in own if row.kind == _POOL]
    fields, outs = (cluster.fields, cluster.outs) if cluster else ({}, {})
    mons, osds = fields.get("mons", {}), fields.get("osds", {})
    known = bool(outs)
    return model.Ceph(
        verdict=_worst([row for row in own if row.kind == _CLUSTER]),
        health=str(outs.get("health", UNKNOWN)),
        checks=dict(outs.get("healthChecks", {})),
        mons=len(mon_hosts(site)),
        mons_in_quorum=sum(state == IN_QUORUM for state in mons.values()) if known else None,
        osds=len(osd_hosts(site)),
        osds_up=sum(state.startswith("up") for state in osds.values()) if known else None,
        osds_in=sum(state.endswith(" in") for state in osds.values()) if known else None,
        capacity_gib=outs.get("capacityGib"),
        used_gib=outs.get("usedGib"),
        pools=len(pools),
        pools_right=sum(row.verdict is Verdict.RIGHT for row in pools),
    )


def _cloud(
    rows: Sequence[Resource], plane: Seen | None, ovn: Seen | None, hosts: int, ovn_hosts: int
) -> model.Cloud | None:
    if not hosts:
        return None
    services = [row for row in rows if row.kind == _SERVICE]

    def count(seen: Seen | None, field: str, good: str) -> int | None:
        states = seen.fields.get(field) if seen else None
        return sum(state == good for state in states.values()) if states is not None else None

    address = plane.fields.get("virtualAddress", {}) if plane else {}
    return model.Cloud(
        verdict=_worst([row for row in rows if row.kind in (_PLANE, _OVN)]),
        hosts=hosts,
        databases=count(plane, "database", IN_STEP),
        queues=count(plane, "queues", MEMBER),
        ovn_hosts=ovn_hosts,
        ovn=count(ovn, "states", MEMBER),
        address=next(iter(address.values()), UNKNOWN),
        services=len(services),
        services_right=sum(row.verdict is Verdict.RIGHT for row in services),
    )

"""Bring this node to what its document says: subject by subject, each seen, planned, done.

A subject that fails does not stop the others: a node whose mirror is refused still gets its network, so
that it can be helped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.node_agent.apply import Hands
from piston_iac.node_agent.disks import SeenDisk, see_disks, see_filesystem
from piston_iac.node_agent.files import see_file
from piston_iac.node_agent.image_cache import see_limit
from piston_iac.node_agent.machine import hardware_uuid
from piston_iac.node_agent.mirror_members import see_members
from piston_iac.node_agent.mirror_steps import adoption_plan, cache_plan, mirror_plan, repair_plan
from piston_iac.node_agent.network import SeenNetwork, see_flows, see_network
from piston_iac.node_agent.network_steps import (
    address_plan,
    cable_plan,
    flow_plan,
    port_plan,
    switch_plan,
    uplink_state,
)
from piston_iac.node_agent.services import has_room, see_here
from piston_iac.node_agent.steps import Plan, RecoverService
from piston_iac.node_agent.system_steps import (
    file_plan,
    hostname_plan,
    others_plan,
    strangers_plan,
    unit_plan,
)
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_agent.units import PendingRestarts, states, strangers
from piston_iac.node_document import Networking, NodeDocument, Service

Progress = Callable[[str], None]

# A card that was just told to change its settings is without carrier for some seconds.
_CARRIER_S = 8.0
_CARRIER_POLL_S = 0.25


def adopt_mirror(label: str, mount: Path, hands: Hands, progress: Progress) -> list[str]:
    """Mount this node's mirror if its disks are there. Returns faults."""
    return _subject("local mirror", lambda: _adoption(label, mount), hands, progress)


def converge_storage(document: NodeDocument, hands: Hands, progress: Progress) -> list[str]:
    """The local mirror, whole or degraded. Returns faults."""
    return _subject("local mirror", lambda: _mirror(document), hands, progress)


def converge_rest(
    document: NodeDocument, hands: Hands, pending: PendingRestarts, progress: Progress
) -> list[str]:
    """Host name, files, network, units, services: in this order, as units need the others. Returns faults.

    The mirror is repaired at the end: that may take hours, and the node works meanwhile.
    """
    wanted = document.networking
    before: tuple[tuple[str, Callable[[], Plan]], ...] = (
        ("host name", lambda: hostname_plan(document, os.uname().nodename)),
        ("files", lambda: file_plan(document, {it.path: see_file(Path(it.path)) for it in document.files})),
        ("network", lambda: switch_plan(wanted, see_network(), hardware_uuid())),
        ("network", lambda: port_plan(wanted, see_network())),
        ("network", lambda: address_plan(wanted, see_network())),
        ("network", lambda: flow_plan(wanted, see_flows(wanted.bridge))),
        ("image cache", lambda: _cache(document)),
        ("units", lambda: _others(document, pending)),
        ("units", lambda: _units(document.units, pending, document.reloadable)),
        ("units", lambda: strangers_plan(strangers([file.path for file in document.files]))),
    )
    after: tuple[tuple[str, Callable[[], Plan]], ...] = (
        ("network", lambda: cable_plan(wanted, _network_with_carrier(wanted))),
        ("local mirror", lambda: _repair(document)),
    )
    faults: list[str] = []
    for name, plan in before:
        faults += _subject(name, plan, hands, progress)
    faults += _services(document, hands, pending, progress)
    for name, plan in after:
        faults += _subject(name, plan, hands, progress)
    return faults


def _services(
    document: NodeDocument, hands: Hands, pending: PendingRestarts, progress: Progress
) -> list[str]:
    """Each service by itself: one that cannot be started keeps no other from it."""
    try:
        here = see_here(document)
    except (ToolFailed, OSError) as error:
        return [f"services: cannot be seen: {error}"]
    faults: list[str] = []
    for service in document.services:
        present = service.name in here or _is_recovered(document, service, hands, progress)
        plan = partial(_units if present else _stopped, service.units, pending)
        faults += _subject(service.name, plan, hands, progress)
    return faults


def rejoin(document: NodeDocument, hands: Hands, pending: PendingRestarts, progress: Progress) -> list[str]:
    """Try once more to get the data of those services that are to go on trying. Returns faults.

    When one has come back, whatever waited for it is started too.
    """
    came = [it for it in absent(document) if _is_recovered(document, it, hands, progress)]
    return _services(document, hands, pending, progress) if came else []


def absent(document: NodeDocument) -> tuple[Service, ...]:
    """Services whose data is not here, and that go on trying to get it."""
    trying = tuple(it for it in document.services if it.retry_s and it.recover)
    try:
        here = see_here(document) if trying else frozenset()
    except (ToolFailed, OSError):
        return ()
    return tuple(it for it in trying if it.name not in here)


def _is_recovered(document: NodeDocument, service: Service, hands: Hands, progress: Progress) -> bool:
    """Try to have the data made anew from peers. That none of them can give it is no fault."""
    if not service.recover or not has_room(document, service):
        return False
    step = RecoverService(service.name, service.recover)
    progress(step.text)
    try:
        hands.do(step)
    except (ToolFailed, OSError) as error:
        progress(f"{service.name} stays absent: {error}")
        return False
    return True


def _subject(name: str, plan: Callable[[], Plan], hands: Hands, progress: Progress) -> list[str]:
    try:
        planned = plan()
    except (ToolFailed, OSError) as error:
        return [f"{name}: cannot be seen: {error}"]
    for step in planned.steps:
        progress(step.text)
        try:
            hands.do(step)
        except (ToolFailed, OSError) as error:
            return [*planned.faults, f"{step.text}: {error}"]
    return list(planned.faults)


def _adoption(label: str, mount: Path) -> Plan:
    disks = see_disks()
    return adoption_plan(label, str(mount), disks, _is_mounted(label, str(mount), disks))


def _mirror(document: NodeDocument) -> Plan:
    wanted = document.mirror
    disks = see_disks()
    return mirror_plan(document, disks, _is_mounted(wanted.label, wanted.mount, disks))


def _repair(document: NodeDocument) -> Plan:
    wanted = document.mirror
    disks = see_disks()
    mounted = _mounted(wanted.label, wanted.mount, disks)
    if not mounted:
        return repair_plan(document, disks, ())
    filesystem = see_filesystem(mounted)
    profile = filesystem.profile if filesystem else ""
    return repair_plan(document, disks, see_members(mounted, wanted.mount), profile)


def _cache(document: NodeDocument) -> Plan:
    mirror = document.mirror
    mounted = _is_mounted(mirror.label, mirror.mount, see_disks())
    return cache_plan(document, see_limit(mirror.mount) if mounted else 0, mounted)


def _network_with_carrier(wanted: Networking) -> SeenNetwork:
    """The network, as soon as the data card has carrier, or when it is clear that it gets none."""
    deadline = Deadline.after(_CARRIER_S)
    while uplink_state(wanted, seen := see_network()) == "no carrier" and not deadline.over():
        deadline.pause(_CARRIER_POLL_S)
    return seen


def _is_mounted(label: str, mount: str, disks: Iterable[SeenDisk]) -> bool:
    return bool(_mounted(label, mount, disks))


def _mounted(label: str, mount: str, disks: Iterable[SeenDisk]) -> str:
    """The UUID of the mirror of that label that is mounted there; empty for none."""
    own = sorted({disk.filesystem for disk in disks if disk.marker == f"mirror:{label}"})
    mounted = [uuid for uuid in own if see_filesystem(uuid) is not None]
    return mounted[0] if mounted and os.path.ismount(mount) else ""


def _units(units: tuple[str, ...], pending: PendingRestarts, reloadable: tuple[str, ...] = ()) -> Plan:
    return unit_plan(units, pending.all(), states(units), reloadable)


def _stopped(units: tuple[str, ...], pending: PendingRestarts) -> Plan:
    """Units that are not to be started, because the data of their service is not here."""
    outstanding = pending.all() & set(units)
    return others_plan(outstanding, states(outstanding))


def _others(document: NodeDocument, pending: PendingRestarts) -> Plan:
    """Units that the document does not name."""
    named = {*document.units, *(unit for service in document.services for unit in service.units)}
    outstanding = pending.all() - named
    return others_plan(outstanding, states(outstanding))

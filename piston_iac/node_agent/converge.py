"""Bring this node to what its document says: subject by subject, each seen, planned, done.

A subject that fails does not stop the others: a node whose mirror is refused still gets its network, so
that it can be helped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from piston_iac.node_agent.apply import Hands
from piston_iac.node_agent.disks import SeenDisk, see_disks, see_filesystem
from piston_iac.node_agent.files import see_file
from piston_iac.node_agent.machine import hardware_uuid
from piston_iac.node_agent.mirror_steps import adoption_plan, mirror_plan
from piston_iac.node_agent.network import see_network
from piston_iac.node_agent.network_steps import address_plan, port_plan, switch_plan
from piston_iac.node_agent.steps import Plan
from piston_iac.node_agent.system_steps import file_plan, hostname_plan, unit_plan
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_agent.units import PendingRestarts, states
from piston_iac.node_document import NodeDocument

Progress = Callable[[str], None]


def adopt_mirror(label: str, mount: Path, hands: Hands, progress: Progress) -> list[str]:
    """Mount this node's mirror if its disks are there. Returns faults."""
    return _subject("local mirror", lambda: _adoption(label, mount), hands, progress)


def converge_storage(document: NodeDocument, hands: Hands, progress: Progress) -> list[str]:
    """The local mirror. Returns faults."""
    return _subject("local mirror", lambda: _mirror(document), hands, progress)


def converge_rest(
    document: NodeDocument, hands: Hands, pending: PendingRestarts, progress: Progress
) -> list[str]:
    """Host name, files, network, units: in this order, because units need the others. Returns faults."""
    wanted = document.networking
    subjects: tuple[tuple[str, Callable[[], Plan]], ...] = (
        ("host name", lambda: hostname_plan(document, os.uname().nodename)),
        ("files", lambda: file_plan(document, {it.path: see_file(Path(it.path)) for it in document.files})),
        ("network", lambda: switch_plan(wanted, see_network(), hardware_uuid())),
        ("network", lambda: port_plan(wanted, see_network())),
        ("network", lambda: address_plan(wanted, see_network())),
        ("units", lambda: _units(document, pending)),
    )
    faults: list[str] = []
    for name, plan in subjects:
        faults += _subject(name, plan, hands, progress)
    return faults


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


def _is_mounted(label: str, mount: str, disks: Iterable[SeenDisk]) -> bool:
    own = {disk.filesystem for disk in disks if disk.marker == f"mirror:{label}"}
    return os.path.ismount(mount) and any(see_filesystem(uuid) is not None for uuid in own)


def _units(document: NodeDocument, pending: PendingRestarts) -> Plan:
    outstanding = pending.all()
    return unit_plan(document, outstanding, states([*document.units, *sorted(outstanding)]))

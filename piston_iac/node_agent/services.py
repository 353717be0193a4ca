"""Services whose units run where their data is: is it here, and do they run?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from piston_iac.node_agent.disks import SeenDisk, see_disks
from piston_iac.node_document import NodeDocument, Service

RUNNING, STOPPED, ABSENT = "running", "stopped", "absent"
# One that systemd starts again and again is `activating`: it does not run.
_ACTIVE = ("active", "reloading", "refreshing")


def see_here(document: NodeDocument) -> frozenset[str]:
    """Names of the services whose data is here.

    Raises:
        ToolFailed: the disks cannot be listed.
    """
    return here(document, see_disks() if any(it.disk for it in document.services) else ())


def here(document: NodeDocument, disks: Iterable[SeenDisk]) -> frozenset[str]:
    """Names of the services whose data is here, given what is on the disks."""
    markers = {disk.serial: disk.marker for disk in disks}
    return frozenset(it.name for it in document.services if _is_here(document, it, markers))


def has_room(document: NodeDocument, service: Service) -> bool:
    """False when the data would have to lie on the local mirror and that is not mounted.

    What is found or made below the place where it is to be mounted would be lost at power-off.
    """
    mount = Path(document.mirror.mount)
    on_mirror = bool(service.path and document.mirror.disks) and Path(service.path).is_relative_to(mount)
    return not on_mirror or os.path.ismount(mount)


def judge(document: NodeDocument, here: frozenset[str], states: Mapping[str, str]) -> dict[str, str]:
    """What to say of each service. Pure.

    Args:
        here: names of those whose data is here.
        states: systemd's active state by unit.
    """
    return {it.name: _judge(it, it.name in here, states) for it in document.services}


def stopped(
    document: NodeDocument, judged: Mapping[str, str], states: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Units that are not active, of the services that are to run here and do not all. Pure.

    Args:
        judged: as of `judge`.
        states: systemd's active state by unit.
    """
    return {
        it.name: tuple(unit for unit in it.units if states[unit] not in _ACTIVE)
        for it in document.services
        if judged[it.name] == STOPPED
    }


def _judge(service: Service, is_here: bool, states: Mapping[str, str]) -> str:
    if not is_here:
        return ABSENT
    return RUNNING if all(states[unit] in _ACTIVE for unit in service.units) else STOPPED


def _is_here(document: NodeDocument, service: Service, markers: Mapping[str, str]) -> bool:
    if service.path:
        return has_room(document, service) and Path(service.path).exists()
    return bool(service.marker) and markers.get(service.disk, "").startswith(service.marker)

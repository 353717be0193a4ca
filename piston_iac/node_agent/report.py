"""The report: everything seen anew each time it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from piston_iac.node_agent.boot_arguments import BootArguments
from piston_iac.node_agent.clock import see_clock
from piston_iac.node_agent.disks import mirror_state, see_disks
from piston_iac.node_agent.files import see_file
from piston_iac.node_agent.health import unwell
from piston_iac.node_agent.image_cache import see_limit
from piston_iac.node_agent.network import interface_states, see_flows, see_network
from piston_iac.node_agent.network_steps import switch_settings, uplink_state
from piston_iac.node_agent.services import RUNNING, here, judge, stopped
from piston_iac.node_agent.units import states, strangers
from piston_iac.node_document import NodeDocument
from piston_iac.node_report import NodeReport

# A report takes less than a second, whatever a failed disk does.
_LOOK_S = 0.6


@dataclass(frozen=True)
class Progress:
    """How far the agent is: the part of the report that only it knows. Fields as in `NodeReport`."""

    phase: str = "waiting"
    progress: str = ""
    fault: str = ""
    document: str = ""


@dataclass(frozen=True)
class Machine:
    """Which machine, in which boot, with which sealing key (public, hexadecimal; empty before it has one)."""

    hardware_uuid: str
    boot_id: str
    seal_key: str = ""


def make_report(
    boot: BootArguments, machine: Machine, document: NodeDocument | None, progress: Progress, writes: int
) -> NodeReport:
    """Look at everything.

    Args:
        document: the one that tells which files, units and bridge matter; None before the first.
        writes: what the journal counts.
    Raises:
        ToolFailed: a program that looks failed.
    """
    disks = see_disks(_LOOK_S)
    network = see_network()
    units = states(_all_units(document)) if document else {}
    bridge = document.networking.bridge if document else ""
    wanted_disks = document.mirror.disks if document else ()
    services = judge(document, here(document, disks), units) if document else {}
    running = [it for it in document.services if services[it.name] == RUNNING] if document else []
    return NodeReport(
        node=boot.node,
        boot_id=machine.boot_id,
        hardware_uuid=machine.hardware_uuid,
        seal_key=machine.seal_key,
        release=boot.release,
        image_digest=boot.image_digest,
        document=progress.document,
        phase=progress.phase,
        progress=progress.progress,
        fault=progress.fault,
        files={file.path: see_file(Path(file.path)).digest for file in document.files} if document else {},
        units={unit: units[unit] for unit in document.units} if document else {},
        disks=tuple(disk.to_report() for disk in disks),
        mirror=mirror_state(boot.mirror_label, disks, wanted_disks),
        gateway=network.gateway,
        interfaces=interface_states(bridge, network),
        clock=see_clock(),
        writes=writes,
        uplink=uplink_state(document.networking, network) if document else "",
        services=services,
        stopped=stopped(document, services, units) if document else {},
        unwell=unwell(running),
        strangers=strangers([file.path for file in document.files]) if document else (),
        flows=see_flows(bridge),
        image_cache_bytes=see_limit(document.mirror.mount) if document else 0,
        switch_settings=switch_settings(document.networking, network) if document else {},
    )


def _all_units(document: NodeDocument) -> list[str]:
    return [*document.units, *(unit for service in document.services for unit in service.units)]

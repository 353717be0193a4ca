"""What a plan compares on a node: the wanted fields, and the same fields as the node reports them.

Both sides have the same shape, so that a difference names its field: `units.chrony.service`,
`files./etc/hosts`, `interfaces.service.vid`. Digests are shortened to what a person can compare.
"""

from __future__ import annotations

from typing import Any

from piston_iac.node_document import NodeDocument
from piston_iac.node_report import MirrorState, NodeReport
from piston_iac.plan.services import chrony

_SHOWN_DIGITS = 12
_GIB = 1024**3
Fields = dict[str, Any]


def _shown(digest: str) -> str:
    return f"sha256:{digest[:_SHOWN_DIGITS]}" if digest else "missing"


def _gib(size_bytes: int) -> float:
    """Shown to a hundredth; 0 is no limit."""
    return round(size_bytes / _GIB, 2)


def _mirror_state(mirror: MirrorState) -> str:
    return f"{mirror.state}, without {', '.join(mirror.missing)}" if mirror.missing else mirror.state


def wanted_fields(document: NodeDocument) -> Fields:
    """The fields of a node that is as its document says."""
    profile = document.mirror.backend.rpartition("-")[2]
    return {
        "applied": _shown(document.digest()),
        "release": document.release,
        "files": {file.path: _shown(file.digest()) for file in document.files},
        "units": dict.fromkeys(document.units, "active"),
        "interfaces": {
            entry.name: {"vid": entry.vid, "address": entry.address, "mtu": entry.mtu, "up": True}
            for entry in document.networking.interfaces
        },
        "gateway": document.networking.gateway,
        "strangers": [],
        "flows": [],
        "uplink": "up",
        "mirror": {
            "label": document.mirror.label,
            "state": "healthy",
            "profile": profile,
            "disks": sorted(document.mirror.disks),
        },
        "imageCacheGib": _gib(document.image_cache_bytes),
        "switchSettings": dict(document.networking.external_ids),
        "clock": "in step",
    }


def seen_fields(report: NodeReport) -> Fields:
    """The same fields as they are on the node.

    What nobody knows is left out and keeps its last value, so that one cause is one line of drift: of a
    node that has applied no document yet only that, and no clock while chrony is stopped. A clock is in
    step when chrony follows a server.
    """
    applied = {"applied": _shown(report.document)}
    if not report.document:
        return applied
    clock = {"clock": "in step" if report.clock.synchronised else "not in step"}
    if report.units.get(chrony.UNIT, "active") != "active":
        clock = {}
    # Without its mirror a node has no cache: the mirror's own line says so.
    cache = {} if report.mirror.state == "absent" else {"imageCacheGib": _gib(report.image_cache_bytes)}
    return {
        **applied,
        "release": report.release,
        "files": {path: _shown(digest) for path, digest in report.files.items()},
        "units": dict(report.units),
        "interfaces": {
            entry.name: {"vid": entry.vid, "address": entry.address, "mtu": entry.mtu, "up": entry.up}
            for entry in report.interfaces
        },
        "gateway": report.gateway,
        "strangers": list(report.strangers),
        "flows": list(report.flows),
        "uplink": report.uplink,
        "mirror": {
            "label": report.mirror.label,
            "state": _mirror_state(report.mirror),
            "profile": report.mirror.profile,
            # A missing disk is told by the state, once.
            "disks": sorted({*report.mirror.disks, *report.mirror.missing}),
        },
        **cache,
        "switchSettings": {name: value or "missing" for name, value in report.switch_settings.items()},
        **clock,
    }

"""A node's history as text for people and as JSON for programs. Pure.

JSON, schema 1: {schema, site, node, events [{at, source, device, what}], report {phase, progress, fault,
release, boot_id, writes, mirror, uplink, units_wrong {unit: state}} or null, now {cause, remedy},
notes [text]}.
`at` is UTC time in ISO 8601; `source` is run, boot node, agent or nova. Nothing in it is secret.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from piston_iac.node_report import NodeReport
from piston_iac.status.history import History
from piston_iac.status.timeline import Event

SCHEMA = 1
_ACTIVE = "active"


def to_text(history: History) -> str:
    """Lines, oldest event first, and the verdict at the end."""
    lines = [f"{history.node} of {history.site}: {_count(len(history.events))}, times in UTC"]
    lines += _event_lines(history.events)
    lines += [f"note: {note}" for note in history.notes]
    lines.append(f"report: {_report_line(history.report)}")
    lines.append(history.now.line())
    return "\n".join(lines) + "\n"


def to_json(history: History) -> str:
    """The document, ending in a newline."""
    document = {
        "schema": SCHEMA,
        "site": history.site,
        "node": history.node,
        "events": [
            {"at": _at(it), "source": it.source, "device": it.device, "what": it.what}
            for it in history.events
        ],
        "report": _report_fields(history.report) if history.report else None,
        "now": {"cause": history.now.cause, "remedy": history.now.remedy},
        "notes": list(history.notes),
    }
    return json.dumps(document, indent=2) + "\n"


def _event_lines(events: tuple[Event, ...]) -> list[str]:
    sources = max((len(it.source) for it in events), default=0)
    devices = max((len(it.device) for it in events), default=0)
    return [
        f"{it.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}  {it.source:{sources}}  {it.device:{devices}}  {it.what}"
        for it in events
    ]


def _at(event: Event) -> str:
    return event.at.astimezone(UTC).isoformat(timespec="milliseconds")


def _report_fields(report: NodeReport) -> dict[str, Any]:
    return {
        "phase": report.phase,
        "progress": report.progress,
        "fault": report.fault,
        "release": report.release,
        "boot_id": report.boot_id,
        "writes": report.writes,
        "mirror": report.mirror.state,
        "uplink": report.uplink,
        "units_wrong": {unit: state for unit, state in report.units.items() if state != _ACTIVE},
    }


def _report_line(report: NodeReport | None) -> str:
    if report is None:
        return "none, its agent gives no answer"
    units = [f"{unit} {state}" for unit, state in report.units.items() if state != _ACTIVE]
    parts = [
        report.phase,
        f"release {report.release}",
        f"mirror {report.mirror.state}",
        f"data card {report.uplink or 'not known yet'}",
        ", ".join(units) or "all units active",
        f"{report.writes} changes in this boot",
    ]
    if report.progress:
        parts.append(f"progress: {report.progress}")
    if report.fault:
        parts.append(f"fault: {report.fault}")
    return ", ".join(parts)


def _count(events: int) -> str:
    return f"{events} event{'' if events == 1 else 's'}"

"""What happened to one node, from all who kept a record of it. Pure: text in, events out, oldest first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from piston_iac.devices.node_agent import AgentJournal
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, Site

RUN, BOOT_NODE, AGENT, NOVA = "run", "boot node", "agent", "nova"


@dataclass(frozen=True)
class Event:
    """One thing that happened. `source`: who kept the record (`run`, `boot node`, `agent`, `nova`).

    `device`: what it was done to, or by whom. Clocks of different machines may differ a little.
    """

    at: datetime
    source: str
    device: str
    what: str


def names_of(site: Site, node: str) -> frozenset[str]:
    """All that stands for a node in somebody's record: name, ports, cards, disks, addresses."""
    spec = site.nodes[node]
    cards = (spec.bmc, spec.boot, spec.data)
    return frozenset(
        {
            node,
            *(card.port for card in cards),
            *(card.mac for card in cards),
            *spec.disks.local,
            *spec.disks.osd,
            str(spec.bmc.address),
            *(str(node_address(site, node, network)) for network in NetworkName),
        }
    )


def about(names: Iterable[str], event: Event) -> bool:
    """Whether the event is about that node: `n1` is neither in `n10` nor in `n1-old`."""
    text = f"{event.device} {event.what}"
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text) for name in names)


def from_runs(text: str) -> list[Event]:
    """Of the file that runs write (`PISTON_TIMELINE`)."""
    return [event for line in text.splitlines() if (event := _parsed(RUN, line, "device"))]


def from_boot_node(answer: Mapping[str, Any]) -> list[Event]:
    """Of the boot node's journal, `GET /v1/journal`."""
    entries = answer.get("entries")
    found = (record_event(BOOT_NODE, entry, "who") for entry in entries) if isinstance(entries, list) else ()
    return [event for event in found if event]


def from_agent(node: str, journal: AgentJournal) -> list[Event]:
    """Of the agent's journal: this boot alone."""
    found = (
        record_event(AGENT, {"at": it.at, "what": it.what, "node": node}, "node") for it in journal.entries
    )
    return [event for event in found if event]


def in_order(events: Iterable[Event]) -> list[Event]:
    """Oldest first."""
    return sorted(events, key=lambda event: event.at)


def _parsed(source: str, line: str, device: str) -> Event | None:
    """One line of JSON; None for a line that a crash tore."""
    try:
        return record_event(source, json.loads(line), device)
    except ValueError:
        return None


def record_event(source: str, raw: Any, device: str) -> Event | None:
    """Of one entry of a record; None when it does not fit. `device`: the key of what it was done to."""
    try:
        at = datetime.fromisoformat(raw["at"])
        return Event(at if at.tzinfo else at.replace(tzinfo=UTC), source, str(raw[device]), str(raw["what"]))
    except (KeyError, TypeError, ValueError):
        return None

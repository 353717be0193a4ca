"""What goes into a support bundle: who is asked, and the parts that follow from the answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeState
from piston_iac.devices.ceph import CephDriver
from piston_iac.devices.node_agent import AgentJournal
from piston_iac.node_report import NodeReport
from piston_iac.plan.ceph.actions import Command
from piston_iac.plan.ceph.caps import ADMIN
from piston_iac.plan.ceph.layout import mon_hosts
from piston_iac.plan.ceph.wanted import keys
from piston_iac.program.declared import CEPH
from piston_iac.status import document, history_text
from piston_iac.status.asking import Answer, Probe
from piston_iac.status.history import AGENT_JOURNAL, BOOT_JOURNAL, agent_journal_probe, shared_probes, told
from piston_iac.status.look import Looking
from piston_iac.status.probes import BOOT_STATE, report_key
from piston_iac.trust.secret import Secret

# The mons answer all of these; what the mgr is asked waits for ever when there is none.
_CEPH_WORDS: tuple[Command, ...] = (
    {"prefix": "health", "detail": "detail"},
    {"prefix": "status"},
    {"prefix": "osd tree"},
    {"prefix": "osd dump"},
    {"prefix": "df"},
    {"prefix": "quorum_status"},
    {"prefix": "versions"},
    {"prefix": "log last", "num": 200},
)
_CEPH = "Ceph's own words"
_LOOK_S, _LIMIT_S = 30.0, 60.0
Parts = dict[str, bytes]


def support_probes(look: Looking) -> list[Probe]:
    """All that a status asks, and everybody's records."""
    journals = [agent_journal_probe(look, node, _journal_key(node)) for node in look.site.nodes]
    return [*look.probes, *shared_probes(look), *journals, _ceph_probe(look)]


def device_parts(look: Looking, answers: Mapping[str, Answer], runs: str | None, at: str) -> Parts:
    """What the devices told. Pure."""
    parts = {"status.json": document.to_json(look.status(answers, at)).encode()}
    for node in look.site.nodes:
        own = {**answers, AGENT_JOURNAL: answers.get(_journal_key(node), Answer())}
        parts[f"nodes/{node}-why.txt"] = history_text.to_text(told(look, node, runs, own)).encode()
        report, journal = _value(answers, report_key(node)), _value(answers, _journal_key(node))
        if isinstance(report, NodeReport):
            parts[f"nodes/{node}-report.json"] = as_json(report.to_dict())
        if isinstance(journal, AgentJournal):
            lines = (json.dumps({"at": it.at, "what": it.what}) for it in journal.entries)
            parts[f"nodes/{node}-journal.jsonl"] = _lines(lines)
    if isinstance(state := _value(answers, BOOT_STATE), BootNodeState):
        parts["boot-node-state.json"] = as_json(_plain(state))
    if isinstance(journal := _value(answers, BOOT_JOURNAL), dict):
        parts["boot-node-journal.jsonl"] = _lines(json.dumps(it) for it in journal.get("entries", []))
    if isinstance(words := _value(answers, _CEPH), dict):
        parts |= {f"ceph/{name.replace(' ', '-')}.json": as_json(word) for name, word in words.items()}
    unread = [f"{answer.error}" for answer in answers.values() if answer.error]
    if unread:
        parts["unread.txt"] = _lines(dict.fromkeys(unread))
    return parts


def as_json(value: object) -> bytes:
    """For people who read it."""
    return (json.dumps(value, indent=2, default=str) + "\n").encode()


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _plain(state: BootNodeState) -> dict[str, Any]:
    """The state as plain data."""
    plain: dict[str, Any] = json.loads(json.dumps(vars(state), default=vars))
    return plain


def _value(answers: Mapping[str, Answer], key: str) -> object:
    return answers.get(key, Answer()).value


def _journal_key(node: str) -> str:
    return f"journal {node}"


def _ceph_probe(look: Looking) -> Probe:
    """Health, trees and log, of the first mon host that can ask. The key stays on no node (decision 0009)."""
    site = look.site
    driver = CephDriver(look.ways.agents, mon_hosts(site), Secret(keys(site)[ADMIN]))

    def ask(deadline: Deadline) -> dict[str, Any]:
        answers = driver.ask(_CEPH_WORDS, deadline)
        return {
            it["prefix"]: answer.output or answer.status
            for it, answer in zip(_CEPH_WORDS, answers, strict=True)
        }

    return Probe(_CEPH, CEPH, _LOOK_S, _LIMIT_S, ask)

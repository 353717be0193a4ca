"""One node's past and present: every record of it, and how it is now. Works when the node is dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeState
from piston_iac.devices.node_agent import AgentJournal
from piston_iac.devices.site_https import SitePeer
from piston_iac.dynamic_providers.access import Access
from piston_iac.node_report import NodeReport
from piston_iac.program.declared import BOOT_NODE
from piston_iac.program.inputs import access
from piston_iac.status.asking import Answer, Probe
from piston_iac.status.look import Looking
from piston_iac.status.moves import MOVES, from_nova, moves_probes
from piston_iac.status.now import BootView, Now, now
from piston_iac.status.probes import BOOT_STATE, report_key, resource_key
from piston_iac.status.timeline import Event, about, from_agent, from_boot_node, from_runs, in_order, names_of
from piston_iac.trust.authority import BOOTD

BOOT_JOURNAL = "boot node's journal"
AGENT_JOURNAL = "agent's journal"
_JOURNAL_S, _LIMIT_S = 6.0, 18.0
_BOOTD_PORT = 9442
_PORT = "SwitchPort"


@dataclass(frozen=True)
class History:
    """`events`: oldest first. `report`: the node's last word, None when it says nothing. `notes`: records
    that could not be read, and why.
    """

    site: str
    node: str
    events: tuple[Event, ...]
    report: NodeReport | None
    now: Now
    notes: tuple[str, ...]


def history(
    look: Looking, node: str, runs: str | None, ask: Callable[[Sequence[Probe]], Mapping[str, Answer]]
) -> History:
    """Ask all who know of the node.

    Args:
        runs: the file that runs write, None when there is none.
        ask: asks questions in parallel.
    """
    return told(look, node, runs, ask(_probes(look, node)))


def told(look: Looking, node: str, runs: str | None, answers: Mapping[str, Answer]) -> History:
    """The history that follows from the answers. Pure."""
    names = names_of(look.site, node)
    events = from_runs(runs or "")
    boot, journal = answers.get(BOOT_JOURNAL, Answer()), answers.get(AGENT_JOURNAL, Answer())
    if isinstance(boot.value, dict):
        events += from_boot_node(boot.value)
    moves = answers.get(MOVES, Answer())
    if isinstance(moves.value, list):
        events += from_nova(moves.value)
    events = [event for event in events if about(names, event)]
    if isinstance(journal.value, AgentJournal):
        events += from_agent(node, journal.value)
    notes = [f"{answer.error}" for answer in (boot, journal, moves) if answer.error]
    if runs is None:
        notes.insert(0, "no record of runs: PISTON_TIMELINE names no file that is there")
    report = answers.get(report_key(node), Answer()).value
    status = look.status(answers, "")
    ports = frozenset(it.name for it in look.declared if it.node == node and it.kind == _PORT)
    return History(
        look.site.name,
        node,
        tuple(in_order(events)),
        report if isinstance(report, NodeReport) else None,
        now(status, node, ports, _boot_view(answers.get(BOOT_STATE), node)),
        tuple(notes),
    )


def shared_probes(look: Looking) -> list[Probe]:
    """The records that are kept of all nodes at once."""
    return [journal_probe(access(look.site), str(look.site.boot_node.address)), *moves_probes(look.declared)]


def journal_probe(ways: Access, address: str, port: int = _BOOTD_PORT) -> Probe:
    """What was changed on the boot node last, by whom. `port`: for tests that run beside a real one."""
    peer = SitePeer(BOOT_NODE, address, port, BOOTD, ways.ca_pem, ways.identity())

    def ask(deadline: Deadline) -> dict[str, Any]:
        return peer.json("GET", "/v1/journal", "read its journal", deadline)

    return Probe(BOOT_JOURNAL, BOOT_NODE, _JOURNAL_S, _LIMIT_S, ask)


def agent_journal_probe(look: Looking, node: str, key: str = AGENT_JOURNAL) -> Probe:
    """What the node's agent changed in this boot."""
    return Probe(key, f"agent of {node}", _JOURNAL_S, _LIMIT_S, look.ways.agents[node].journal)


def _probes(look: Looking, node: str) -> list[Probe]:
    own = {resource_key(it.name) for it in look.declared if it.node == node}
    asked = [probe for probe in look.probes if probe.key in own | {report_key(node), BOOT_STATE}]
    return [*asked, *shared_probes(look), agent_journal_probe(look, node)]


def _boot_view(answer: Answer | None, node: str) -> BootView:
    state = answer.value if answer else None
    if not isinstance(state, BootNodeState):
        return BootView(answers=False)
    return BootView(
        answers=True,
        enrolled=node in state.enrolled,
        window_s=state.windows.get(node, 0.0),
        document=node in state.documents,
    )

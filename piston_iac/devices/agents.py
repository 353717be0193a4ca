"""The agents of many nodes, asked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from piston_iac.deadline import Deadline
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.errors import PistonError
from piston_iac.node_report import NodeReport

_WORKERS = 16
_T = TypeVar("_T")


def reports(agents: Mapping[str, NodeAgentClient], deadline: Deadline) -> dict[str, NodeReport | None]:
    """Every node's report; None where the agent gives no answer or none that can be used."""

    def ask(agent: NodeAgentClient) -> NodeReport | None:
        try:
            return agent.report(deadline)
        except PistonError:
            return None

    return parallel(agents, ask)


def parallel(agents: Mapping[str, NodeAgentClient], ask: Callable[[NodeAgentClient], _T]) -> dict[str, _T]:
    """What each of them answers, by node. Raises what `ask` raises."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        return dict(zip(agents, pool.map(ask, agents.values()), strict=True))

"""How the message bus is asked: nothing of the cookie in the arguments, and no answer is a failure."""

from __future__ import annotations

from typing import Any

import pytest

from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_programs.cloud import rabbitmq


def test_it_is_asked_by_an_expression_that_erlang_takes_as_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def run(*command: str, **how: Any) -> str:
        asked.update(how, command=command)
        return '{"running": ["rabbit@10.0.0.1"], "members": ["rabbit@10.0.0.1"]}'

    monkeypatch.setattr(rabbitmq, "run", run)
    assert rabbitmq.members("10.0.0.1")["running"] == ["rabbit@10.0.0.1"]
    assert "rabbit@10.0.0.1" in asked["command"]
    assert "-c" not in asked["command"], "the cookie is read at home"
    assert asked["stdin"].endswith(").\n")


def test_an_erlang_in_which_rabbitmq_does_not_work_yet_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq, "run", lambda *_, **__: "")
    with pytest.raises(ToolFailed, match="RabbitMQ does not work there"):
        rabbitmq.see("10.0.0.1")

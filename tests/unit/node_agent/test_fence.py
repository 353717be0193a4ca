"""Whoever had its turn before somebody else changes nothing any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.node_agent.fence import Fence
from piston_iac.trust.gate import HEADER, gate_headers, parse_token


def test_an_older_token_is_kept_out_also_after_a_restart_of_the_agent(tmp_path: Path) -> None:
    fence = Fence(tmp_path / "token")
    assert fence.lets_in(7)
    assert fence.lets_in(7)
    assert not fence.lets_in(6)
    again = Fence(tmp_path / "token")
    assert not again.lets_in(6)
    assert again.lets_in(8)
    assert not again.lets_in(7)


def test_what_needs_no_turn_bears_no_token(tmp_path: Path) -> None:
    fence = Fence(tmp_path / "token")
    assert fence.lets_in(7)
    assert fence.lets_in(None)
    assert gate_headers(None) == {}


def test_a_token_travels_as_a_whole_number() -> None:
    assert parse_token(gate_headers(12)[HEADER]) == 12
    assert parse_token("") is None
    for text in ("-1", "x", "1.5"):
        with pytest.raises(ValueError, match=HEADER):
            parse_token(text)

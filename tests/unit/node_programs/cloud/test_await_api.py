"""nova-compute begins when Nova's API answers, and not before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from piston_iac.node_programs.cloud import await_api
from piston_iac.node_programs.program import Fault


def test_it_is_asked_where_the_settings_say(tmp_path: Path) -> None:
    conf = tmp_path / "compute.conf"
    conf.write_text("[service_user]\nauth_url = https://10.30.20.10:5000/v3\n")
    assert await_api.address(str(conf)) == "10.30.20.10"


def waited(monkeypatch: pytest.MonkeyPatch, codes: list[int]) -> list[int]:
    asked: list[int] = []

    def ask(*_: Any) -> tuple[int, bytes, Any]:
        asked.append(codes[min(len(asked), len(codes) - 1)])
        return asked[-1], b"", {}

    monkeypatch.setattr(await_api, "ask", ask)
    monkeypatch.setattr(await_api, "address", lambda: "10.30.20.10")
    monkeypatch.setattr(await_api, "_POLL_S", 0.0)
    monkeypatch.setattr(await_api, "_WAIT_S", 0.2)
    await_api.await_api()
    return asked


def test_it_waits_until_the_api_works(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waited(monkeypatch, [0, 503, 300]) == [0, 503, 300]


def test_an_api_that_never_comes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Fault, match=r"10\.30\.20\.10 does not answer"):
        waited(monkeypatch, [503])

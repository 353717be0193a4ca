"""A daemon begins when its API answers, and not before."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud import await_api
from piston_iac.node_programs.program import Fault


def test_it_is_asked_where_the_settings_say(tmp_path: Path) -> None:
    conf = tmp_path / "compute.conf"
    conf.write_text("[service_user]\nauth_url = https://10.30.20.10:5000/v3\n")
    assert await_api.nova(str(conf)) == ("10.30.20.10", layout.NOVA_PORT)


def test_control_hosts_know_where_the_apis_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(await_api, "read_access", lambda: SimpleNamespace(address="10.30.20.10"))
    assert await_api.neutron() == ("10.30.20.10", layout.NEUTRON_PORT)


@pytest.mark.parametrize("arguments", [["nova"], ["glance", "/bin/true"]])
def test_words_that_do_not_fit_start_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await_api.main(arguments) == 2
    assert "nova|neutron COMMAND" in capsys.readouterr().err


def waited(monkeypatch: pytest.MonkeyPatch, codes: list[int], service: str = "nova") -> list[int]:
    asked: list[int] = []

    def ask(*_: Any) -> tuple[int, bytes, Any]:
        asked.append(codes[min(len(asked), len(codes) - 1)])
        return asked[-1], b"", {}

    monkeypatch.setattr(await_api, "ask", ask)
    monkeypatch.setitem(await_api._PLACES, service, lambda: ("10.30.20.10", 80))
    monkeypatch.setattr(await_api, "_POLL_S", 0.0)
    monkeypatch.setattr(await_api, "_WAIT_S", 0.2)
    await_api.await_api(service)
    return asked


def test_it_waits_until_the_api_works(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waited(monkeypatch, [0, 503, 300]) == [0, 503, 300]


def test_an_api_that_never_comes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Fault, match=r"10\.30\.20\.10 does not answer"):
        waited(monkeypatch, [503])


@pytest.mark.parametrize(("service", "left"), [("neutron", 0), ("nova", 2)])
def test_what_only_tends_waits_for_time(monkeypatch: pytest.MonkeyPatch, service: str, left: int) -> None:
    busy = [True, True]
    monkeypatch.setattr(await_api, "is_busy", lambda: bool(busy and busy.pop()))
    monkeypatch.setattr(await_api, "_LOOK_S", 0.0)
    waited(monkeypatch, [200], service)
    assert len(busy) == left


def test_a_node_that_never_has_time_gets_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(await_api, "is_busy", lambda: True)
    monkeypatch.setattr(await_api, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(await_api, "_LOOK_S", 0.01)
    waited(monkeypatch, [200], "neutron")

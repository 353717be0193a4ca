"""Services: started where their data is, recovered from peers, never made from nothing.

A `systemctl` of the test's own stands in for systemd: one file a unit holds its state.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from piston_iac.node_document import File, LocalMirror, NodeDocument, Service
from tests.contract.node_agent.enrolment_server import EnrolmentServer
from tests.contract.node_agent.running_agent import Node, document, publish, soon

SYSTEMCTL = """#!/bin/sh
verb=$1; shift
for unit in "$@"; do
    state="$STATES/$unit"
    case $verb in
        start|restart) case $unit in broken*) echo "$unit will not start" >&2; exit 1;; esac
                       echo active > "$state"; echo "$verb $unit" >> "$STATES/log";;
        is-active) cat "$state" 2>/dev/null || echo inactive;;
    esac
done
"""


class Systemd:
    """What the agent asked for, and what it is told."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def done(self) -> list[str]:
        """What was started and restarted since the last call."""
        log = self._directory / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def set(self, unit: str, state: str) -> None:
        (self._directory / unit).write_text(f"{state}\n")


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    programs, states = tmp_path / "bin", tmp_path / "states"
    programs.mkdir()
    states.mkdir()
    (programs / "systemctl").write_text(SYSTEMCTL)
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("STATES", str(states))
    return Systemd(states)


def apply(bootd: EnrolmentServer, node: Node, wanted: NodeDocument) -> dict[str, Any]:
    """Publish and have it applied; the report afterwards."""
    publish(bootd, node, wanted)
    node.ask("POST", "/v1/fetch")
    soon(lambda: node.settled() and node.report()["document"] == wanted.digest())
    return node.report()


def again(node: Node) -> dict[str, Any]:
    node.ask("POST", "/v1/converge")
    soon(node.settled)
    return node.report()


def test_units_run_where_their_data_is_and_only_there(
    bootd: EnrolmentServer, node: Node, systemd: Systemd, tmp_path: Path
) -> None:
    (tmp_path / "store").touch()
    wanted = replace(
        document(tmp_path),
        units=("base.service",),
        services=(
            Service("mon", ("mon.service", "mgr.service"), path=str(tmp_path / "store")),
            Service("rgw", ("rgw.service",), path=str(tmp_path / "none")),
            Service("osd", ("osd.service",), disk="no-such-disk", marker="osd:"),
        ),
    )
    report = apply(bootd, node, wanted)
    assert (report["phase"], report["fault"]) == ("settled", "")
    assert systemd.done() == ["start base.service", "start mon.service", "start mgr.service"]
    assert report["services"] == {"mon": "running", "rgw": "absent", "osd": "absent"}
    assert report["units"] == {"base.service": "active"}

    for state in ("failed", "activating"):
        systemd.set("mgr.service", state)
        assert node.report()["services"]["mon"] == "stopped"
    systemd.set("mgr.service", "inactive")
    assert again(node)["services"]["mon"] == "running"
    assert systemd.done() == ["start mgr.service"]
    assert again(node)["writes"] == report["writes"] + 1


def test_data_is_made_anew_from_peers_once_they_can_give_it(
    bootd: EnrolmentServer, node: Node, systemd: Systemd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    store, peers, tried = (tmp_path / name for name in ("store", "peers", "tried"))
    script = f"echo x >> {tried}; test -e {peers} || {{ echo nobody answers >&2; exit 3; }}; touch {store}"
    mon = Service("mon", ("mon.service",), path=str(store), recover=("sh", "-c", script))
    report = apply(bootd, node, replace(document(tmp_path), services=(mon,)))
    assert (report["phase"], report["services"], report["writes"]) == ("settled", {"mon": "absent"}, 2)
    attempts = len(tried.read_text().split())
    assert systemd.done() == []
    assert "mon stays absent: nobody answers" in caplog.text

    peers.touch()
    report = again(node)
    assert (report["phase"], report["services"]) == ("settled", {"mon": "running"})
    assert systemd.done() == ["start mon.service"]
    whats = [it["what"] for it in node.journal.entries()[2:]]
    assert whats == ["recover mon from its peers", "start mon.service"]
    again(node)
    assert len(tried.read_text().split()) == attempts + 1


def test_a_changed_file_restarts_the_units_that_run_and_no_others(
    bootd: EnrolmentServer, node: Node, systemd: Systemd, tmp_path: Path
) -> None:
    (tmp_path / "store").touch()
    conf = File(str(tmp_path / "etc" / "conf"), "1\n", restart=("mon.service", "osd.service"))
    wanted = replace(
        document(tmp_path),
        files=(conf,),
        services=(
            Service("mon", ("mon.service",), path=str(tmp_path / "store")),
            Service("osd", ("osd.service",), path=str(tmp_path / "disk")),
        ),
    )
    apply(bootd, node, wanted)
    assert systemd.done() == ["restart mon.service"]
    apply(bootd, node, replace(wanted, files=(replace(conf, content="2\n"),)))
    assert systemd.done() == ["restart mon.service"]

    # Made and started by a program meanwhile, with the file as it is: nothing is left to be restarted.
    (tmp_path / "disk").touch()
    systemd.set("osd.service", "active")
    assert again(node)["services"] == {"mon": "running", "osd": "running"}
    assert systemd.done() == []


def test_a_service_that_cannot_be_started_keeps_no_other_from_it(
    bootd: EnrolmentServer, node: Node, systemd: Systemd, tmp_path: Path
) -> None:
    (tmp_path / "store").touch()
    services = (
        Service("broken", ("broken.service",), path=str(tmp_path / "store")),
        Service("good", ("good.service",), path=str(tmp_path / "store")),
    )
    report = apply(bootd, node, replace(document(tmp_path), services=services))
    assert report["phase"] == "failed"
    assert "broken.service will not start" in report["fault"]
    assert report["services"] == {"broken": "stopped", "good": "running"}


def test_nothing_is_made_where_the_mirror_should_be_mounted(
    bootd: EnrolmentServer, node: Node, systemd: Systemd, tmp_path: Path
) -> None:
    """A store in memory would be gone after the next power cut, and hide the one on the mirror until then."""
    mount = tmp_path / "persist"
    store = mount / "store"
    script = f"mkdir -p {mount} && touch {store}"
    mirror = LocalMirror("piston:lab:n1", "btrfs-raid10", ("no-such-serial",), str(mount))
    mon = Service("mon", ("mon.service",), path=str(store), recover=("sh", "-c", script))
    report = apply(bootd, node, replace(document(tmp_path), mirror=mirror, services=(mon,)))
    assert report["services"] == {"mon": "absent"}
    assert not store.exists()
    mount.mkdir(exist_ok=True)
    store.touch()
    assert again(node)["services"] == {"mon": "absent"}
    assert systemd.done() == []

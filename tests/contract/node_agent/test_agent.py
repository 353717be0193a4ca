"""The agent against a real TLS enrolment server: enrols, fetches, applies, serves the operator alone.

It runs in this process, with a document that names nothing of this machine: no disks, units or bridge.
"""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from piston_iac.node_agent.agent import Agent
from piston_iac.node_agent.bootd import Bootd, BootdUnreachable
from piston_iac.node_agent.enrol import enrol
from piston_iac.node_agent.identity import (
    load_document,
    load_identity,
    store_document,
    store_identity,
)
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.units import PendingRestarts
from piston_iac.node_document import File, LocalMirror, NodeDocument
from piston_iac.trust.authority import (
    node_authority,
    node_peer_name,
    operator_identity,
)
from piston_iac.trust.gate import HEADER, gate_headers
from piston_iac.trust.seal import seal
from piston_iac.trust.tls import client_context, peer_name
from tests.contract.node_agent.enrolment_server import SEED, SITE, EnrolmentServer
from tests.contract.node_agent.running_agent import (
    CONTEXT,
    MACHINE,
    Node,
    arguments,
    client,
    document,
    publish,
    soon,
)


def test_a_node_waits_until_a_deploy_of_it_is_under_way(bootd: EnrolmentServer) -> None:
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        bootd.window_open = len(naps) == 2

    identity = enrol(arguments(bootd), MACHINE, client(bootd), nap)
    assert naps == [1.0, 1.0]
    assert bootd.refused == 2
    assert "BEGIN CERTIFICATE" in identity.tls.certificate_pem
    assert bootd.seal_keys["n1"] != identity.seal_private


def test_a_boot_node_with_another_ca_is_not_trusted(bootd: EnrolmentServer) -> None:
    with pytest.raises(BootdUnreachable, match="not the one of the boot script"):
        client(bootd).fetch_ca("0" * 64)


def test_only_a_peer_that_is_the_boot_node_is_asked(bootd: EnrolmentServer, node: Node) -> None:
    impostor = Bootd("127.0.0.1", bootd.http_port, node.port)
    with pytest.raises(BootdUnreachable, match="node:n1, not bootd"):
        impostor.fetch_document(node.ca_pem, node.identity, "n1")


def test_it_applies_its_document_and_repairs_drift_when_told(
    bootd: EnrolmentServer, node: Node, tmp_path: Path
) -> None:
    assert node.report()["phase"] == "waiting"
    wanted = document(tmp_path)
    publish(bootd, node, wanted)
    soon(node.settled)
    report = node.report()
    assert (report["phase"], report["fault"], report["document"]) == ("settled", "", wanted.digest())
    assert report["files"] == {file.path: file.digest() for file in wanted.files}
    assert (tmp_path / "etc/secret").stat().st_mode & 0o777 == 0o600
    assert report["writes"] == 2

    assert node.ask("POST", "/v1/converge")[0] == 202
    soon(node.settled)
    assert node.report()["writes"] == 2

    (tmp_path / "etc/plain").write_text("edited\n")
    assert node.report()["files"] != report["files"]
    time.sleep(1.5)
    assert (tmp_path / "etc/plain").read_text() == "edited\n"
    node.ask("POST", "/v1/converge")
    soon(node.settled)
    assert (tmp_path / "etc/plain").read_text() == "hello\n"
    journal = node.ask("GET", "/v1/journal")[1]
    assert journal["writes"] == 3
    assert journal["entries"][-1]["what"] == f"write {tmp_path / 'etc/plain'}"


def test_no_secret_is_in_journal_or_log(
    bootd: EnrolmentServer, node: Node, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    publish(bootd, node, document(tmp_path))
    soon(node.settled)
    assert "hush" not in json.dumps(node.ask("GET", "/v1/journal")) + json.dumps(node.report()) + caplog.text


def test_a_step_that_fails_is_one_fault_and_the_others_are_done(
    bootd: EnrolmentServer, node: Node, tmp_path: Path
) -> None:
    (tmp_path / "blocked").write_text("a file where a directory is needed")
    blocked = File(str(tmp_path / "blocked" / "file"), "x")
    wanted = document(tmp_path)
    mirror = LocalMirror("piston:lab:n1", "btrfs-raid10", ("no-such-serial",), str(tmp_path / "persist"))
    publish(
        bootd, node, NodeDocument(**{**vars(wanted), "files": (*wanted.files, blocked), "mirror": mirror})
    )
    soon(node.settled)
    report = node.report()
    assert report["phase"] == "failed"
    assert "no-such-serial (no such disk" in report["fault"]
    assert f"write {blocked.path}" in report["fault"]
    assert (tmp_path / "etc/plain").exists()


def test_a_document_for_another_key_is_a_fault_and_a_good_one_is_taken(
    bootd: EnrolmentServer, node: Node, tmp_path: Path
) -> None:
    bootd.documents["n1"] = seal(b"\x09" + bytes(31), b"{}", CONTEXT)
    soon(lambda: node.report()["phase"] == "failed")
    assert "cannot be read" in node.report()["fault"]
    publish(bootd, node, document(tmp_path))
    node.ask("POST", "/v1/fetch")
    soon(node.settled)
    assert node.report()["phase"] == "settled"


def test_a_silent_boot_node_keeps_a_told_fetch_under_way(
    bootd: EnrolmentServer, node: Node, tmp_path: Path
) -> None:
    publish(bootd, node, document(tmp_path))
    soon(node.settled)
    bootd.silent = True
    node.ask("POST", "/v1/fetch")
    soon(lambda: "starting" in node.report()["progress"])
    assert node.report()["phase"] == "applying"
    bootd.silent = False
    soon(node.settled)


def test_only_the_operator_is_served(bootd: EnrolmentServer, node: Node) -> None:
    assert node.ask("GET", "/v1/report", node.identity)[0] == 403
    assert node.ask("POST", "/v1/converge", node.identity)[0] == 403
    assert node.ask("GET", "/v1/nothing")[0] == 404
    stranger = http.client.HTTPSConnection(
        "127.0.0.1", node.port, timeout=5, context=client_context(node.ca_pem, None)
    )
    with pytest.raises(OSError):
        stranger.request("GET", "/v1/report")
        stranger.getresponse()


def test_a_silent_client_holds_up_nobody(bootd: EnrolmentServer, node: Node) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", node.port)):
        started = time.monotonic()
        assert node.ask("GET", "/v1/report")[0] == 200
        assert time.monotonic() - started < 3


def test_identity_and_document_are_kept_where_only_root_reads(bootd: EnrolmentServer, tmp_path: Path) -> None:
    bootd.window_open = True
    boot = arguments(bootd)
    identity = enrol(boot, MACHINE, client(bootd), time.sleep)
    assert store_identity(tmp_path, identity)
    assert not store_identity(tmp_path, identity)
    assert load_identity(tmp_path, boot.ca_digest) == identity
    assert load_identity(tmp_path, "0" * 64) is None
    assert store_document(tmp_path, b"sealed")
    assert not store_document(tmp_path, b"sealed")
    assert load_document(tmp_path) == b"sealed"
    kept = list(tmp_path.rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in kept if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in kept if path.is_dir()} == {0o700}


def test_the_kept_document_is_used_while_the_boot_node_is_dead(
    bootd: EnrolmentServer, tmp_path: Path
) -> None:
    bootd.window_open = True
    boot = arguments(bootd)
    identity = enrol(boot, MACHINE, client(bootd), time.sleep)
    bootd.silent = True
    mirror = tmp_path / "persist"
    mirror.mkdir()
    wanted = document(tmp_path)
    store_document(mirror, seal(bootd.seal_keys["n1"], wanted.to_json().encode(), CONTEXT))
    journal = Journal(tmp_path / "run" / "journal.jsonl", lambda: datetime.now(UTC))
    pending = PendingRestarts(tmp_path / "run" / "restart")
    agent = Agent(boot, MACHINE, client(bootd), identity, journal, pending, mirror, patience_s=0.0)
    agent.work()
    report = agent.report()
    assert (report["phase"], report["document"]) == ("settled", wanted.digest())


def test_names_of_peers_come_from_the_certificate(bootd: EnrolmentServer, node: Node) -> None:
    context = client_context(node.ca_pem, operator_identity(SEED, SITE))
    connection = http.client.HTTPSConnection("127.0.0.1", node.port, context=context, timeout=5)
    connection.connect()
    assert peer_name(connection.sock) == node_peer_name("n1")
    connection.close()
    assert node_authority(SEED, SITE).chain_pem.strip() in node.identity.certificate_pem


def test_an_order_from_an_earlier_turn_is_refused(node: Node, bootd: EnrolmentServer, tmp_path: Path) -> None:
    publish(bootd, node, document(tmp_path))
    assert node.ask("POST", "/v1/fetch", headers=gate_headers(5))[0] == 202
    late, said = node.ask("POST", "/v1/converge", headers=gate_headers(4))
    assert late == 409
    assert "token 4 is over" in said["error"]
    assert node.ask("POST", "/v1/converge", headers=gate_headers(5))[0] == 202
    assert node.ask("POST", "/v1/converge", headers={HEADER: "x"})[0] == 400
    soon(node.settled)

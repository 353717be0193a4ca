"""What the operator does over the real driver: settings, releases, documents, lease, restart."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import LeaseRefused, LeaseTaken
from piston_iac.errors import DeviceRefused, Interrupted
from piston_iac.trust.authority import certificate_digest
from tests.contract.boot_node.rig import CA_PEM, N1_MAC, OPERATOR, Bootd, settings, sha256, soon

UNITS = ["piston-dnsmasq.service", "chrony.service"]


def test_a_fresh_boot_node_says_that_it_knows_nothing(bootd: Bootd) -> None:
    state = bootd.client().observe(soon())
    assert (state.settings, state.releases, state.enrolled, state.lease) == (None, {}, {}, None)
    assert state.writes == 0
    assert bootd.get(f"/boot/{N1_MAC}")[0] == 404
    assert b"No settings yet" in bootd.get("/")[1]


def test_settings_come_back_as_they_were_put_and_start_the_services(bootd: Bootd) -> None:
    bootd.client().put_settings(settings(), soon())
    state = bootd.client().observe(soon())
    assert state.settings == settings()
    assert state.services == dict.fromkeys(UNITS, "active")
    assert bootd.services.restarted == UNITS
    assert "dhcp-host=52:54:00:0a:00:01" in bootd.paths.dnsmasq_conf.read_text()
    assert "server 127.77.0.9 iburst" in bootd.paths.chrony_conf.read_text()


def test_the_same_settings_again_write_nothing(bootd: Bootd) -> None:
    bootd.client().put_settings(settings(), soon())
    writes = bootd.writes()
    bootd.client().put_settings(settings(), soon())
    assert bootd.writes() == writes
    assert bootd.services.restarted == UNITS


def test_only_the_service_concerned_is_restarted(bootd: Bootd) -> None:
    bootd.client().put_settings(settings(), soon())
    changed = {**settings(), "ntp_upstream": ["127.77.0.8"]}
    bootd.client().put_settings(changed, soon())
    assert bootd.services.restarted == [*UNITS, "chrony.service"]


def test_a_stopped_service_shows_and_the_same_settings_start_it(bootd: Bootd) -> None:
    bootd.client().put_settings(settings(), soon())
    bootd.services.active["piston-dnsmasq.service"] = "failed"
    assert bootd.client().observe(soon()).services["piston-dnsmasq.service"] == "failed"
    writes = bootd.writes()
    bootd.client().put_settings(settings(), soon())
    assert bootd.client().observe(soon()).services["piston-dnsmasq.service"] == "active"
    assert bootd.writes() == writes + 1


def test_one_broken_service_is_named_and_does_not_hold_up_the_other(bootd: Bootd) -> None:
    bootd.services.broken = UNITS[0]
    with pytest.raises(DeviceRefused, match=f"could not run systemctl restart {UNITS[0]}: exit 1"):
        bootd.client().put_settings(settings(), soon())
    assert bootd.services.restarted == [UNITS[1]]
    bootd.services.broken = ""
    bootd.client().put_settings(settings(), soon())
    assert bootd.client().observe(soon()).services == dict.fromkeys(UNITS, "active")


def test_wrong_settings_change_nothing_and_name_every_fault(bootd: Bootd) -> None:
    with pytest.raises(DeviceRefused, match=r"sha256 is not .*; domain is not"):
        bootd.client().put_settings({**settings("x"), "domain": "-"}, soon())
    with pytest.raises(DeviceRefused, match="CloudKey is of site lab"):
        bootd.client().put_settings({**settings(), "site": "other"}, soon())
    assert bootd.client().observe(soon()).settings is None
    assert bootd.writes() == 0


def test_a_restart_keeps_everything(bootd: Bootd, tmp_path: Path) -> None:
    client = bootd.client()
    client.put_settings(settings(), soon())
    client.put_document("n1", b"sealed", soon())
    client.open_window("n1", N1_MAC, "", 60, soon())
    image = tmp_path / "root.squashfs"
    image.write_bytes(b"image")
    client.put_release_file("2026.11", image, sha256(b"image"), soon())
    taken = client.take_lease("run-1", 60, soon())
    before = client.observe(soon())
    bootd.paths.dnsmasq_conf.unlink()
    bootd.restart()
    after = client.observe(soon())
    assert isinstance(taken, LeaseTaken)
    assert (after.settings, after.documents, after.releases) == (
        before.settings,
        before.documents,
        before.releases,
    )
    assert (after.writes, after.boot_id) == (before.writes, before.boot_id)
    assert set(after.windows) == {"n1"}
    assert after.lease is not None
    assert (after.lease.holder, after.lease.token) == ("run-1", taken.token)
    assert bootd.paths.dnsmasq_conf.exists(), "what /run lost is written again"


def test_an_upload_is_served_and_an_altered_byte_shows(bootd: Bootd, tmp_path: Path) -> None:
    image = tmp_path / "root.squashfs"
    content = os.urandom(3 << 20)
    image.write_bytes(content)
    manifest = tmp_path / "manifest.json"
    listed = {"files": {"root.squashfs": {"sha256": sha256(content), "size": len(content)}}}
    manifest.write_text(json.dumps(listed))
    for path in (image, manifest):
        bootd.client().put_release_file("2026.11", path, sha256(path.read_bytes()), soon())
    assert bootd.client().observe(soon()).releases["2026.11"].complete
    assert bootd.get("/releases/2026.11/root.squashfs") == (200, content)

    stored = bootd.paths.data / "releases" / "2026.11" / "root.squashfs"
    altered = bytes([content[0] ^ 1]) + content[1:]
    stored.write_bytes(altered)
    seen = bootd.client().observe(soon()).releases["2026.11"]
    assert (seen.complete, seen.files["root.squashfs"].sha256) == (False, sha256(altered))

    bootd.client().put_release_file("2026.11", image, sha256(content), soon())
    assert bootd.client().observe(soon()).releases["2026.11"].complete


def test_the_boot_script_pins_what_the_operator_said_not_what_is_on_disk(
    bootd: Bootd, tmp_path: Path
) -> None:
    image = tmp_path / "root.squashfs"
    image.write_bytes(b"image")
    bootd.client().put_release_file("2026.11", image, sha256(b"image"), soon())
    bootd.client().put_settings(settings(sha256(b"image")), soon())
    (bootd.paths.data / "releases" / "2026.11" / "root.squashfs").write_bytes(b"evil!")
    status, script = bootd.get(f"/boot/{N1_MAC}")
    assert status == 200
    assert f"piston.sha256={sha256(b'image')}" in script.decode()
    assert f"piston.ca={certificate_digest(CA_PEM)}" in script.decode()
    assert bootd.get("/ca.pem") == (200, CA_PEM.encode())


def test_an_upload_with_a_wrong_digest_is_refused_and_leaves_nothing(bootd: Bootd, tmp_path: Path) -> None:
    image = tmp_path / "root.squashfs"
    image.write_bytes(b"image")
    with pytest.raises(DeviceRefused, match="arrived with SHA-256"):
        bootd.client().put_release_file("2026.11", image, sha256(b"other"), soon())
    assert bootd.client().observe(soon()).releases == {}
    assert bootd.writes() == 0
    left = [path.name for path in bootd.paths.data.rglob("*") if path.is_file()]
    assert left == [], left


def test_the_same_file_again_writes_nothing(bootd: Bootd, tmp_path: Path) -> None:
    image = tmp_path / "root.squashfs"
    image.write_bytes(b"image")
    for _ in range(2):
        bootd.client().put_release_file("2026.11", image, sha256(b"image"), soon())
    assert bootd.journal() == ["release file 2026.11/root.squashfs"]


def test_a_release_in_use_is_not_deleted(bootd: Bootd, tmp_path: Path) -> None:
    image = tmp_path / "root.squashfs"
    image.write_bytes(b"image")
    client = bootd.client()
    client.put_release_file("2026.11", image, sha256(b"image"), soon())
    client.put_settings(settings(), soon())
    with pytest.raises(DeviceRefused, match="in use"):
        client.delete_release("2026.11", soon())
    client.put_settings({**settings(), "release": "2026.12"}, soon())
    client.delete_release("2026.11", soon())
    assert client.observe(soon()).releases == {}


@pytest.mark.parametrize(
    "path",
    [
        "/releases/2026.11/../../cloudkey/bootd.key",
        "/releases/..%2f..%2fcloudkey/bootd.key",
        "/releases/2026.11/%2e%2e",
        "/releases/../cloudkey/bootd.key",
    ],
)
def test_no_path_leads_out_of_the_releases(bootd: Bootd, path: str) -> None:
    (bootd.paths.data / "releases" / "2026.11").mkdir()
    status, answer = bootd.get(path)
    assert status == 404
    assert b"PRIVATE" not in answer


def test_a_cut_upload_leaves_nothing(bootd: Bootd, tmp_path: Path) -> None:
    image = tmp_path / "root.squashfs"
    image.write_bytes(os.urandom(8 << 20))
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        bootd.client().put_release_file("2026.11", image, "ab" * 32, Deadline.after(30, cancelled=stop))
    for _ in range(100):
        left = list((bootd.paths.data / "uploads").iterdir())
        if not left:
            break
        threading.Event().wait(0.05)
    assert left == []
    assert bootd.client().observe(soon()).releases == {}


def test_a_document_is_replaced_and_deleted(bootd: Bootd) -> None:
    client = bootd.client()
    client.put_settings(settings(), soon())
    writes = bootd.writes()
    for content in (b"one", b"two", b"two"):
        client.put_document("n1", content, soon())
    assert client.observe(soon()).documents == {"n1": sha256(b"two")}
    assert bootd.writes() == writes + 2
    client.delete_document("n1", soon())
    assert client.observe(soon()).documents == {}
    with pytest.raises(DeviceRefused, match="know no node n9"):
        client.put_document("n9", b"x", soon())


def test_the_lease_has_one_holder_and_its_token_grows(bootd: Bootd) -> None:
    client = bootd.client()
    first = client.take_lease("run-1", 60, soon())
    assert isinstance(first, LeaseTaken)
    assert client.take_lease("run-2", 60, soon()) == LeaseRefused("run-1")
    assert client.take_lease("run-1", 60, soon(), first.token) == first
    lease = client.observe(soon()).lease
    assert lease is not None
    assert 0 < lease.left_s <= 60
    client.give_back_lease("run-1", first.token, soon())
    bootd.restart()
    second = client.take_lease("run-2", 60, soon())
    assert isinstance(second, LeaseTaken)
    assert second.token > first.token
    with pytest.raises(DeviceRefused, match="held by run-2"):
        client.give_back_lease("run-1", first.token, soon())


def test_a_renewed_lease_is_no_write(bootd: Bootd) -> None:
    taken = bootd.client().take_lease("run-1", 60, soon())
    assert isinstance(taken, LeaseTaken)
    writes = bootd.writes()
    bootd.client().take_lease("run-1", 60, soon(), taken.token)
    assert bootd.writes() == writes


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/settings", b"[]"),
        ("PUT", "/v1/settings", b"\xff"),
        ("POST", "/v1/lease", {"holder": "a", "seconds": True}),
        ("POST", "/v1/lease", {"holder": "a", "seconds": 1e9}),
        ("POST", "/v1/lease", {"holder": "a", "seconds": 1, "token": "1"}),
        ("DELETE", "/v1/lease", {"holder": "a"}),
        ("PUT", "/v1/releases/2026.11/root.squashfs", b"no digest header"),
        ("POST", "/v1/windows", {"node": "n1"}),
        ("POST", "/v1/permits/ceph-bootstrap", {"node": 1}),
        ("POST", "/v1/permits/ceph-bootstrap", {"node": "n1", "instead_of": None}),
        ("POST", "/v1/permits/Ceph", {"node": "n1"}),
        ("POST", "/v1/permits/ceph-bootstrap/use", {}),
    ],
)
def test_a_spoilt_body_is_one_line(bootd: Bootd, method: str, path: str, body: object) -> None:
    status, answer = bootd.call(method, path, OPERATOR, body)
    assert status == 400
    assert list(json.loads(answer)) == ["error"]


def test_an_unknown_path_is_json_too(bootd: Bootd) -> None:
    status, answer = bootd.call("GET", "/v2/state", OPERATOR)
    assert (status, json.loads(answer)) == (404, {"error": "Not Found"})


def test_the_status_page_shows_nodes_windows_and_releases(bootd: Bootd) -> None:
    bootd.client().put_settings(settings(), soon())
    bootd.client().open_window("n1", N1_MAC, "", 60, soon())
    status, page = bootd.get("/")
    assert status == 200
    assert b"<td>n1</td><td>127.77.0.11</td>" in page
    assert b"s left" in page


def test_a_cancelled_look_is_not_called_unreachable(bootd: Bootd) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        bootd.client().observe(Deadline.after(30, cancelled=stop))

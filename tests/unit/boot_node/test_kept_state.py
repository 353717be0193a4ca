"""State that outlives power cuts: windows, journal, documents, atomic files, releases."""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from piston_iac.boot_node.answers import Refused
from piston_iac.boot_node.documents import Documents
from piston_iac.boot_node.journal import Journal
from piston_iac.boot_node.releases import Releases
from piston_iac.boot_node.store import write_atomically
from piston_iac.boot_node.windows import Windows, machine

UUID = "9d000000-0000-4000-8000-000000000001"
N1 = machine("52:54:00:0A:00:01", UUID.upper())


def test_a_window_closes_by_itself(tmp_path: Path, wound: Any) -> None:
    windows = Windows(tmp_path / "windows.json", wound.boot())
    assert windows.open("n1", N1, 60)
    assert not windows.open("n1", N1, 60), "the same machine again is no change"
    wound.at_s += 61
    assert windows.machine("n1") is None
    assert windows.left_s() == {}
    assert not windows.close("n1")


def test_a_window_outlives_the_service_but_not_the_machine(tmp_path: Path, wound: Any) -> None:
    Windows(tmp_path / "windows.json", wound.boot()).open("n1", N1, 60)
    assert Windows(tmp_path / "windows.json", wound.boot()).machine("n1") == N1
    assert Windows(tmp_path / "windows.json", wound.boot("boot-2")).machine("n1") is None


def test_a_machine_is_admitted_by_card_and_uuid() -> None:
    assert N1.admits(machine("52:54:00:0a:00:01", UUID))
    assert not N1.admits(machine("52:54:00:0a:00:02", UUID))
    assert not N1.admits(machine("52:54:00:0a:00:01", "another"))
    assert machine("52:54:00:0a:00:01", "").admits(N1), "no UUID known yet: any machine with that card"


def test_a_torn_line_is_dropped_from_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).wrote("operator", "settings")
    with path.open("a") as file:
        file.write('{"at": "20')
    journal = Journal(path)
    assert journal.writes == 1
    journal.wrote("operator", "document of n1")
    assert [json.loads(line)["what"] for line in path.read_text().splitlines()] == [
        "settings",
        "document of n1",
    ]


def test_documents_are_kept_and_counted_once(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "documents")
    assert documents.put("n1", b"sealed")
    assert not documents.put("n1", b"sealed")
    again = Documents(tmp_path / "documents")
    assert again.get("n1") == b"sealed"
    assert again.digests() == {"n1": hashlib.sha256(b"sealed").hexdigest()}
    assert again.delete("n1")
    assert not again.delete("n1")
    assert again.get("n1") is None


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def upload(releases: Releases, name: str, content: bytes, sha256: str | None = None) -> bool:
    taken = releases.begin("2026.11", name)
    try:
        taken.write(content)
        return releases.finish(taken, "2026.11", name, sha256 or hashlib.sha256(content).hexdigest())
    finally:
        releases.drop(taken)


def manifest(**files: bytes) -> bytes:
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
    }
    return json.dumps({"release": "2026.11", "recipe": "", "files": entries}).encode()


def put_on_cloudkey(cloudkey: Path, content: bytes) -> Path:
    release = cloudkey / "releases" / "2026.11"
    release.mkdir(parents=True)
    (release / "root").write_bytes(content)
    (release / "manifest.json").write_bytes(manifest(root=content))
    return release / "root"


def test_the_cloudkeys_release_is_adopted_and_stays_untouched(tmp_path: Path) -> None:
    on_key = put_on_cloudkey(tmp_path / "key", b"image")
    (tmp_path / "data").mkdir()
    releases = Releases(tmp_path / "data", tmp_path / "key")
    assert releases.all()["2026.11"].complete
    assert not upload(releases, "root", b"image"), "the very bytes are there already"
    assert releases.path("2026.11", "root") == on_key
    with pytest.raises(Refused, match="read only"):
        releases.delete("2026.11")


def test_an_altered_file_shows_and_a_good_copy_wins_over_the_cloudkeys(tmp_path: Path) -> None:
    on_key = put_on_cloudkey(tmp_path / "key", b"image")
    (tmp_path / "data").mkdir()
    releases = Releases(tmp_path / "data", tmp_path / "key")
    releases.all()
    on_key.write_bytes(b"imagE")
    seen = releases.all()["2026.11"]
    assert not seen.complete
    assert seen.files["root"].sha256 == hashlib.sha256(b"imagE").hexdigest()
    assert upload(releases, "root", b"image")
    assert releases.all()["2026.11"].complete
    assert on_key.read_bytes() == b"imagE"


def test_a_wrong_upload_leaves_nothing(tmp_path: Path) -> None:
    releases = Releases(tmp_path, tmp_path / "key")
    with pytest.raises(Refused) as caught:
        upload(releases, "root", b"image", "00" * 32)
    assert caught.value.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert releases.all() == {}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_power_cut_left_is_cleared(tmp_path: Path) -> None:
    Releases(tmp_path, tmp_path / "key").begin("2026.11", "root").write(b"half")
    Releases(tmp_path, tmp_path / "key")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_release_is_complete_only_with_all_of_its_files(tmp_path: Path) -> None:
    releases = Releases(tmp_path, tmp_path / "key")
    upload(releases, "root", b"image")
    assert not releases.all()["2026.11"].complete, "no manifest yet"
    upload(releases, "manifest.json", manifest(root=b"image", vmlinuz=b"kernel"))
    assert not releases.all()["2026.11"].complete, "no kernel yet"
    upload(releases, "vmlinuz", b"kernel")
    assert releases.all()["2026.11"].complete
    assert releases.delete("2026.11")
    assert releases.all() == {}

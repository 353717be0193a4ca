"""The looks reach what they say: a canary in each kind of place is found."""

from __future__ import annotations

import gzip
import os
import subprocess
import time
from pathlib import Path

from tests.lab.secret_places import Processes, files_below, in_directory, on_disk
from tests.lab.secret_search import Credential, Hit, Search

CANARY = b"canary-of-the-unit-tests-7261"
SEARCH = Search([Credential("canary", CANARY)])
_GIB = 1 << 30


def test_files_of_all_depths_and_compressed_ones(tmp_path: Path) -> None:
    deep = tmp_path / "a" / ".hidden" / "b.log"
    deep.parent.mkdir(parents=True)
    deep.write_bytes(b"x" + CANARY)
    packed = tmp_path / "state.json.gz"
    packed.write_bytes(gzip.compress(b"{" + CANARY + b"}"))
    (tmp_path / "link").symlink_to(deep)
    (tmp_path / "broken.gz").write_bytes(b"no gzip")
    os.mkfifo(tmp_path / "fifo")
    assert {hit.place for hit in in_directory(SEARCH, tmp_path)} == {str(deep), str(packed)}
    assert in_directory(SEARCH, tmp_path, [deep, packed]) == set()


def test_fresh_files_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    now = time.time()
    assert list(files_below(tmp_path, now - 60)) == [tmp_path / "file"]
    assert list(files_below(tmp_path, now + 60)) == []


def test_a_byte_far_out_on_a_disk_of_holes(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(4 * _GIB)
    assert on_disk(SEARCH, "s1", disk) == set()
    with disk.open("r+b") as file:
        file.seek(3 * _GIB + 12345)
        file.write(CANARY)
    began = time.monotonic()
    assert on_disk(SEARCH, "s1", disk) == {Hit("disk s1", "canary", "plain")}
    assert time.monotonic() - began < 5, "holes are not read"


def test_a_canary_cut_by_the_pieces_in_which_a_disk_is_read(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(b"." * ((1 << 22) - 5) + CANARY + b"." * 100)
    assert on_disk(SEARCH, "s2", disk) == {Hit("disk s2", "canary", "plain")}


def test_arguments_and_environment_of_a_process_that_comes_and_goes() -> None:
    environment = {"PATH": os.environ["PATH"], "CANARY": CANARY.decode()}
    with Processes() as processes:
        for command, given in (
            (["sleep", "60"], environment),
            (["sh", "-c", "read line", CANARY.decode()], None),
        ):
            process = subprocess.Popen(command, env=given, stdin=subprocess.PIPE)
            # The look under way may be past it; the next one is not.
            looks = processes.looks
            while processes.looks < looks + 3:
                time.sleep(0.01)
            process.kill()
            process.communicate()
    found = sorted(hit.place for hit in SEARCH.in_pieces(processes.seen))
    assert [place.partition(" of ")[0] for place in found] == ["CANARY in the environment", "arguments"]

"""A mon store on its way: what goes in comes out, and nothing else is taken."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from piston_iac.node_programs.mon_rebuild_clients import increment
from piston_iac.node_programs.mon_rebuild_request import parse_install
from piston_iac.node_programs.mon_rebuild_tar import pack, unpack
from piston_iac.node_programs.program import Fault

OWNER = (os.getuid(), os.getgid())


def packed(tmp_path: Path) -> bytes:
    store = tmp_path / "from"
    (store / "store.db").mkdir(parents=True)
    (store / "kv_backend").write_text("rocksdb\n")
    (store / "store.db/000012.sst").write_bytes(os.urandom(50_000))
    stream = io.BytesIO()
    pack(store, [3, 1], stream)
    return stream.getvalue()


def taken(tmp_path: Path, sent: bytes) -> list[int]:
    store = tmp_path / "to"
    store.mkdir()
    return unpack(io.BytesIO(sent), store, OWNER)


def test_a_store_arrives_as_it_was_sent(tmp_path: Path) -> None:
    assert taken(tmp_path, packed(tmp_path)) == [1, 3]
    for name in ("kv_backend", "store.db/000012.sst"):
        assert (tmp_path / "to" / name).read_bytes() == (tmp_path / "from" / name).read_bytes()
        assert (tmp_path / "to" / name).stat().st_mode & 0o777 == 0o600
    assert {it.name for it in (tmp_path / "to").iterdir()} == {"kv_backend", "store.db"}


def test_nothing_sent_is_an_empty_store(tmp_path: Path) -> None:
    assert taken(tmp_path, b"") == []
    assert list((tmp_path / "to").iterdir()) == []


def test_a_store_that_is_cut_short_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    sent = packed(tmp_path)
    # Up to the end of its list of OSDs; what follows is padding.
    for length in range(512, sent.index(b"[1, 3]"), 512):
        store = tmp_path / str(length)
        store.mkdir()
        with pytest.raises(Fault, match=r"cut short|cannot be read"):
            unpack(io.BytesIO(sent[:length]), store, OWNER)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("../outside", tarfile.REGTYPE, "outside"),
        ("/etc/outside", tarfile.REGTYPE, "outside"),
        ("store.db", tarfile.SYMTYPE, "no plain file"),
        ("disk", tarfile.BLKTYPE, "no plain file"),
    ],
)
def test_only_plain_files_inside_of_the_store_are_taken(
    tmp_path: Path, name: str, kind: bytes, said: str
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w|") as tar:
        entry = tarfile.TarInfo(name)
        entry.type = kind
        tar.addfile(entry)
    with pytest.raises(Fault, match=said):
        taken(tmp_path, stream.getvalue())


def test_a_request_that_does_not_fit_shows_no_key() -> None:
    with pytest.raises(Fault) as caught:
        parse_install(b'{"node": "n1", "entities": {"client.admin": {"key": "AQsecret"}}}')
    assert "AQsecret" not in str(caught.value)


def test_taken_client_numbers_are_encoded_as_mons_read_them() -> None:
    assert increment(0x0102) == bytes.fromhex("01 02 02 0c000000 00000000 0201000000000000")

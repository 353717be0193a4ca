"""The search for secrets finds them: a search that finds nothing is worth nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from piston_iac.trust.cephx import cephx_key
from piston_iac.trust.derive import derive
from piston_iac.trust.secret import Secret
from tests.lab.secret_search import Credential, Hit, Search, encodings, needle

# With letters that every encoding writes differently.
VALUE = 'n3"t/kn?own+t~o an\\yone=ö>'.encode()
KEY = derive(Secret("a seed of the test, and of nothing else"), "canary")
SEARCH = Search([Credential("text", VALUE), Credential("key", KEY)])


def found(data: bytes) -> set[str]:
    """Names of the credentials in it."""
    return {hit.credential for hit in SEARCH.in_pieces({"it": data})}


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        base64.b64encode(VALUE),
        base64.b64encode(b"user:" + VALUE),
        base64.b64encode(b"user2:" + VALUE + b"\n"),
        base64.b64encode(b"user 3:" + VALUE + b"and more"),
        base64.urlsafe_b64encode(VALUE),
        base64.urlsafe_b64encode(b"x" + VALUE + b"yz"),
        base64.urlsafe_b64encode(b"xy" + VALUE).rstrip(b"="),
        VALUE.hex().encode(),
        VALUE.hex().upper().encode(),
        quote(VALUE, safe="").encode(),
        quote(VALUE).encode(),
        quote_plus(VALUE).encode(),
        "".join(f"%{byte:02x}" for byte in VALUE).encode(),
        json.dumps({"password": VALUE.decode()}).encode(),
        json.dumps(json.dumps({"x": 1})).encode() + VALUE,
    ],
)
def test_a_text_is_found_in_every_encoding(written: bytes) -> None:
    assert found(b"before" + written + b"after") == {"text"}
    assert found(b"\0\0" + written + b"\0\n\0") == {"text"}
    assert found(b"x" * 100_000 + written) == {"text"}


def test_a_key_is_found_as_bytes_and_in_a_pem_file() -> None:
    private = Ed25519PrivateKey.from_private_bytes(KEY)
    assert found(b"label" + KEY + b"rest") == {"key"}
    assert found(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())) == {"key"}
    assert found(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())) == {"key"}
    assert found(private.public_key().public_bytes_raw()) == set()


def test_a_ceph_key_is_found_as_text_and_as_its_bytes() -> None:
    text = cephx_key(Secret("a seed of the test, and of nothing else"), "client.canary").get_secret_value()
    bare = base64.b64decode(text)[-16:]
    search = Search([Credential("ceph", bare)])
    for data in (f"[client.canary]\n\tkey = {text}\n".encode(), b"store" + bare, bare.hex().encode()):
        assert {hit.credential for hit in search.in_pieces({"it": data})} == {"ceph"}


def test_the_place_is_the_right_one_behind_many_that_are_empty() -> None:
    pieces = {f"empty {number}": b"" for number in range(20_000)} | {"it": VALUE}
    assert {hit.place for hit in SEARCH.in_pieces(pieces)} == {"it"}


def test_nothing_is_found_where_nothing_is() -> None:
    noise = hashlib.shake_256(b"noise").digest(1_000_000)
    assert found(noise + VALUE[:-1] + b"\0" + KEY[1:]) == set()


def test_a_key_with_line_ends_and_zeros_is_found_by_its_longest_part() -> None:
    value = b"ab\n\0\n" + KEY[:12].replace(b"\n", b"x").replace(b"\0", b"y") + b"\0c"
    search = Search([Credential("odd", value)])
    assert {hit.credential for hit in search.in_pieces({"it": b"." + value + b"."})} == {"odd"}
    with pytest.raises(ValueError, match="too short"):
        needle(b"1234567\n1234567")


def test_a_short_one_is_refused_by_name_and_never_shown() -> None:
    with pytest.raises(ValueError, match="factory password is too short") as raised:
        Search([Credential("factory password", b"ADMIN")])
    assert "ADMIN" not in str(raised.value)
    assert "secret" not in repr(Credential("it", b"secret"))


def test_the_place_is_named(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a b", "c\nd", "clean", "gone")]
    files[0].write_bytes(b"\n" + VALUE)
    files[1].write_bytes(base64.b64encode(KEY))
    files[2].write_bytes(b"nothing")
    hits = SEARCH.in_files(files)
    assert {(hit.place, hit.credential) for hit in hits} == {(str(files[0]), "text"), (str(files[1]), "key")}
    pieces = {"one": b"x", "two": VALUE, "three": VALUE[:9], "four": VALUE[9:]}
    assert {hit.place for hit in SEARCH.in_pieces(pieces)} == {"two"}


def test_a_stream_is_searched_across_its_pieces() -> None:
    data = b"." * 70_000 + KEY + b"." * 70_000
    for cut in range(70_000, 70_000 + len(KEY) + 1):
        assert SEARCH.in_stream("disk", (data[:cut], data[cut:])) == {Hit("disk", "key", "plain")}


def test_every_encoding_has_a_pattern_of_its_own_strength() -> None:
    for _, written in encodings(VALUE):
        assert len(needle(written)) >= 8

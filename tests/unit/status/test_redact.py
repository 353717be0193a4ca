"""No secret leaves: in no form, in no part, in no name. Whatever is left is found before it is written."""

from __future__ import annotations

import base64
import gzip
import io
import json
import stat
import tarfile
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piston_iac.errors import SetupError, UnsafeChange
from piston_iac.plan.ceph.wanted import keys
from piston_iac.status.bundle import check_bundle, make_bundle, write_bundle
from piston_iac.status.redact import Redactor
from piston_iac.status.secrets import SecretValue, sealed_values, secrets_of
from piston_iac.trust.authority import operator_identity
from piston_iac.trust.cephx import cephx_key
from piston_iac.trust.derive import bmc_password, break_glass_password
from tests.unit.status.rack import LAB, SECRETS, SITE

SECRET = 'pa$$ "w/ord+ü\n2'
# Long enough not to be in other text by chance.
VALUES = st.text(min_size=8, max_size=40).filter(lambda text: not text.encode("utf-8", "ignore").isspace())
PADDING = st.binary(max_size=5)


def redactor(*values: str) -> Redactor:
    return Redactor(SecretValue(f"secret {number}", value) for number, value in enumerate(values))


def written(value: str, before: bytes = b"", after: bytes = b"") -> dict[str, bytes]:
    """The value as tools write it, also in the middle of something longer."""
    raw = value.encode()
    around = before + raw + after
    return {
        "plain": around,
        "JSON": json.dumps({"x": value}).encode(),
        "JSON, UTF-8": json.dumps({"x": value}, ensure_ascii=False).encode(),
        "base64": base64.b64encode(around),
        "base64 for URLs": base64.urlsafe_b64encode(around),
        "hex": around.hex().encode(),
        "HEX": around.hex().upper().encode(),
        "URL": quote(value, safe="").encode(),
        "URL path": quote(value).encode(),
        "form": quote_plus(value).encode(),
        "URL, small letters": "".join(f"%{byte:02x}" for byte in raw).encode(),
    }


@pytest.mark.parametrize("form", written(SECRET))
def test_a_secret_is_found_and_taken_out_in_every_form(form: str) -> None:
    data = b"before " + written(SECRET)[form] + b" after"
    it = redactor(SECRET)
    assert it.found(data) == "secret 0"
    clean = it.redact(data)
    assert it.found(clean) is None
    assert b"[redacted]" in clean
    assert clean.startswith(b"before ")
    assert clean.endswith(b" after")


@settings(max_examples=150, deadline=None)
@given(value=VALUES.filter(lambda text: text.isprintable()), before=PADDING, after=PADDING)
def test_wherever_it_stands(value: str, before: bytes, after: bytes) -> None:
    it = redactor(value)
    for form, data in written(value, before, after).items():
        assert it.found(data), form
        assert it.found(it.redact(data)) is None, form


def test_text_without_secrets_stays_as_it_is() -> None:
    data = LAB.encode()
    assert redactor("correct horse battery staple").redact(data) == data
    assert redactor().redact(data) == data
    assert redactor("").found(data) is None


def test_the_longer_one_goes_first_and_joined_parts_are_found() -> None:
    it = redactor("abcdefgh", "abcdefgh-and-more")
    assert it.redact(b"<abcdefgh-and-more>") == b"<[redacted]>"
    # What stands in for a secret must not be one itself.
    it = redactor("redacted")
    assert it.redact(b"<redacted>") == b"<[***]>"
    it = redactor("redacted", "[***]")
    assert it.redact(b"<redredactedacted>") == b"<>"


# Which secrets a site has ----------------------------------------------------------------------


def test_every_secret_of_the_site_is_known() -> None:
    known = {it.value: it.what for it in secrets_of(SITE)}
    assert known.keys() >= set(SECRETS.values())
    assert known[SECRETS["community"]] == "snmp.community"
    for node in SITE.nodes:
        assert known[bmc_password(SITE.seed, node, 1).get_secret_value()] == f"BMC password of {node}"
        assert break_glass_password(SITE.seed, node, 1).get_secret_value() in known
    assert known.keys() >= set(keys(SITE).values())
    assert cephx_key(SITE.seed, "mon.").get_secret_value() in known
    pem = operator_identity(SITE.seed, SITE.name).key_pem.get_secret_value()
    assert any(line in known for line in pem.splitlines())
    assert "-----BEGIN PRIVATE KEY-----" not in known


def test_the_last_generation_is_still_secret() -> None:
    newer = SITE.model_copy(update={"ipmi": SITE.ipmi.model_copy(update={"generation": 3})})
    known = {it.value for it in secrets_of(newer)}
    live = [bmc_password(SITE.seed, "n1", generation).get_secret_value() for generation in (1, 2, 3)]
    assert [password in known for password in live] == [False, True, True]


def test_a_password_of_a_bmcs_own_is_known() -> None:
    node = SITE.nodes["n1"]
    own = node.model_copy(update={"bmc": node.bmc.model_copy(update={"password": SITE.seed})})
    with_own = SITE.model_copy(update={"nodes": {**SITE.nodes, "n1": own}})
    assert "nodes.n1.bmc.password" in {it.what for it in secrets_of(with_own)}


def test_a_secret_does_not_show_itself() -> None:
    assert "hunter22" not in repr(SecretValue("x", "hunter22"))


def test_sealed_values_go_too() -> None:
    values = {it.value for it in sealed_values(LAB)}
    assert len(values) == 5
    clean = Redactor(sealed_values(LAB)).redact(LAB.encode()).decode()
    assert clean.count("secure: [redacted]") == 4
    assert "encryptionsalt: [redacted]" in clean
    assert "v1:" not in clean
    assert "cidr: 10.30.10.0/24" in clean


# The bundle ------------------------------------------------------------------------------------


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        files = {it.name: tar.extractfile(it) for it in tar.getmembers()}
        return {name: file.read() for name, file in files.items() if file}


def test_a_bundle_holds_its_parts_and_their_list_and_no_secret() -> None:
    parts = {f"{number}.txt": data for number, data in enumerate(written(SECRET).values())}
    it = redactor(SECRET)
    bundle = make_bundle({**parts, "plain.txt": b"as it is\n"}, it, "top")
    found = unpacked(bundle.data)
    assert found["top/plain.txt"] == b"as it is\n"
    assert found["top/contents.txt"].decode() == bundle.contents
    assert "plain.txt  9 bytes\n" in bundle.contents
    assert len(found) == len(parts) + 2
    assert it.found(gzip.decompress(bundle.data)) is None


def test_a_secret_in_a_name_is_taken_out() -> None:
    found = unpacked(make_bundle({"hunter22.log": b"x"}, redactor("hunter22"), "top").data)
    assert list(found) == ["top/[redacted].log", "top/contents.txt"]


def test_it_is_searched_once_more_and_refused_with_the_parts_name() -> None:
    leaking = make_bundle({"a.txt": b"fine", "logs/b.txt": base64.b64encode(b"hunter22")}, redactor(), "top")
    with pytest.raises(UnsafeChange) as caught:
        check_bundle(leaking.data, redactor("hunter22"))
    assert "a secret is still in logs/b.txt: secret 0" in str(caught.value)
    assert "hunter22" not in str(caught.value)
    check_bundle(leaking.data, redactor("another"))


def test_a_secret_that_cannot_be_taken_out_is_refused() -> None:
    """One letter is in the archive's own headers."""
    with pytest.raises(UnsafeChange, match="Nothing was written"):
        make_bundle({"a.txt": b"x"}, redactor("u"), "t")


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar.gz"
    path.write_text("older")
    path.chmod(0o644)
    bundle = make_bundle({"a.txt": b"x"}, redactor(), "top")
    write_bundle(bundle, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == bundle.data
    assert [it.name for it in tmp_path.iterdir()] == ["bundle.tar.gz"]
    with pytest.raises(SetupError, match="Name another file"):
        write_bundle(bundle, tmp_path / "nowhere" / "bundle.tar.gz")

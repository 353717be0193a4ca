"""The CloudKey's settings: what is written is what the boot node reads, and keys stay private."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.boot_node.cloudkey import write_settings
from piston_iac.boot_node.cloudkey_files import read_cloudkey
from piston_iac.errors import SetupError
from piston_iac.site.load import load_file
from piston_iac.site.schema import Site
from piston_iac.trust.authority import bootd_identity, site_authority
from piston_iac.trust.secret import Secret

STACK = Path(__file__).parents[3] / "stacks" / "Pulumi.lab.yaml"


@pytest.fixture
def site() -> Site:
    return load_file(STACK).model_copy(update={"seed": Secret("seed of the tests, long enough for all")})


def test_the_boot_node_reads_what_was_written(site: Site, tmp_path: Path) -> None:
    write_settings(tmp_path / "key", site)
    cloudkey = read_cloudkey(tmp_path / "key")
    assert (cloudkey.site, cloudkey.mac) == ("lab", "52:54:00:0a:00:fe")
    assert cloudkey.interface_address() == "10.30.10.5/24"
    assert cloudkey.ca_pem == site_authority(site.seed, "lab").certificate_pem
    assert cloudkey.identity == bootd_identity(site.seed, "lab", "10.30.10.5")


def test_keys_are_for_their_owner_alone(site: Site, tmp_path: Path) -> None:
    write_settings(tmp_path / "key", site)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "key").iterdir()}
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o700
    assert {name for name, mode in modes.items() if mode == 0o600} == {"bootd.key", "node-ca.key"}


def test_the_same_site_gives_the_same_bytes_and_never_the_seed(site: Site, tmp_path: Path) -> None:
    for name in ("one", "two", "two"):
        write_settings(tmp_path / name, site)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert not any(site.seed.get_secret_value().encode() in content for content in one.values())


def test_a_release_is_copied_and_an_altered_copy_mended(site: Site, tmp_path: Path) -> None:
    built = tmp_path / "built"
    built.mkdir()
    (built / "root.squashfs").write_bytes(b"image")
    write_settings(tmp_path / "key", site, built)
    added = tmp_path / "key" / "releases" / site.release
    (added / "root.squashfs").write_bytes(b"imagE")
    assert (built / "root.squashfs").read_bytes() == b"image", "the source is another file"
    write_settings(tmp_path / "key", site, built)
    assert [path.name for path in added.iterdir()] == ["root.squashfs"]
    assert (added / "root.squashfs").read_bytes() == b"image"


def test_a_release_that_is_not_built_is_named(site: Site, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="piston image build"):
        write_settings(tmp_path / "key", site, tmp_path / "missing")


def test_a_spoilt_cloudkey_is_one_line(site: Site, tmp_path: Path) -> None:
    write_settings(tmp_path, site)
    (tmp_path / "node-ca.key").unlink()
    with pytest.raises(SetupError, match=r"node-ca\.key"):
        read_cloudkey(tmp_path)

"""A node's copy of what it booted, fetched from a real boot node as its boot script says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from piston_iac.node_agent.boot_copy import BootSource, CopyFailed, fetch, keep_copy, parse_source
from tests.contract.boot_node.rig import BOOTD, N1_MAC, Bootd, free_port, settings, sha256, soon

CONTENT = os.urandom(3 << 20)


@pytest.fixture
def source(bootd: Bootd, tmp_path: Path) -> BootSource:
    """What n1 is told to boot; the port is this test's own."""
    image = tmp_path / "root.squashfs"
    image.write_bytes(CONTENT)
    bootd.client().put_release_file("2026.11", image, sha256(CONTENT), soon())
    bootd.client().put_settings(settings(sha256(CONTENT)), soon())
    script = bootd.get(f"/boot/{N1_MAC}")[1].decode()
    line = next(line for line in script.splitlines() if line.startswith("kernel "))
    found = parse_source(line.split(maxsplit=2)[2].replace(f"{BOOTD}:8080", f"{BOOTD}:{bootd.http_port}"))
    assert found is not None
    return found


def test_the_copy_is_what_the_boot_node_serves(source: BootSource, tmp_path: Path) -> None:
    assert keep_copy(tmp_path / "mirror", source)
    assert (tmp_path / "mirror/boot/2026.11/root.squashfs").read_bytes() == CONTENT
    assert not keep_copy(tmp_path / "mirror", source)


def test_an_altered_image_is_not_kept(bootd: Bootd, source: BootSource, tmp_path: Path) -> None:
    stored = bootd.paths.data / "releases" / "2026.11" / "root.squashfs"
    stored.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    with pytest.raises(CopyFailed, match="came with SHA-256"):
        keep_copy(tmp_path / "mirror", source)
    assert not (tmp_path / "mirror/boot/current.json").exists()


@pytest.mark.parametrize("path", ["/releases/2026.12/root.squashfs", "/nowhere"])
def test_an_image_that_is_not_served_is_named(bootd: Bootd, path: str) -> None:
    with pytest.raises(CopyFailed, match=r"does not come: HTTP Error 404"):
        list(fetch(f"http://{BOOTD}:{bootd.http_port}{path}"))


def test_a_silent_boot_node_is_named() -> None:
    with pytest.raises(CopyFailed, match="refused"):
        list(fetch(f"http://{BOOTD}:{free_port()}/x"))

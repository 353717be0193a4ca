"""Does a node boot from its own disks when the network gives nothing, and only then, and only good bytes?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from piston_iac.lab.disks import pull
from piston_iac.lab.faults import cut, plug
from piston_iac.lab.power import power_off, power_on
from tests.lab.rack.mirror import LABEL, in_mirror, make_mirror
from tests.lab.rack.rig import Bench

RELEASE = "2026.11"


def keep_copy(bench: Bench, scratch: Path, image: bytes, digest: str) -> None:
    """Write to the mirror what a node keeps there."""
    files = scratch / "files" / "boot"
    (files / RELEASE).mkdir(parents=True, exist_ok=True)
    (files / RELEASE / "root.squashfs").write_bytes(image)
    arguments = f"piston.node=n1 from-disk piston.image=http://10.30.10.5/x piston.sha256={digest}"
    entry = {"release": RELEASE, "sha256": digest, "arguments": arguments}
    (files / "current.json").write_text(json.dumps(entry))
    in_mirror(bench, scratch / "mirror", 'cp -r "$4/." .', str(scratch / "files"))


def start(bench: Bench, device: str) -> None:
    """Switch on at the button, with a boot device and an empty console."""
    power_off(bench.lab, "n1", hard=True)
    bench.forget_console()
    (bench.lab.home("n1") / "boot-device").write_text(f"{device}\n")
    power_on(bench.lab, "n1")


@pytest.fixture(scope="module")
def copied(bench: Bench, image: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The node keeps a good copy. Returns where to write another one from."""
    scratch = tmp_path_factory.mktemp("copy")
    make_mirror(bench)
    keep_copy(bench, scratch, image, hashlib.sha256(image).hexdigest())
    return scratch


def test_the_network_comes_first(bench: Bench, copied: Path) -> None:
    start(bench, "none")
    bench.wait_for_console("system up:")
    assert "from-disk" not in bench.console()


def test_a_silent_network_leads_to_the_disk(bench: Bench, copied: Path) -> None:
    cut(bench.lab, bench.rack, "n1", "boot")
    start(bench, "none")
    bench.wait_for_console("system up:", seconds=30.0)
    assert f"local disk: {LABEL} on 4 disks, release {RELEASE}" in bench.console()
    assert "attempt 3" in bench.console()
    assert "attempt 4" not in bench.console()
    assert "from-disk" in bench.console().rpartition("system up:")[2]
    plug(bench.lab, bench.rack, "n1", "boot")


def test_a_chosen_network_is_all_that_is_tried(bench: Bench, copied: Path) -> None:
    cut(bench.lab, bench.rack, "n1", "boot")
    start(bench, "pxe")
    bench.wait_for_console("attempt 4", seconds=30.0)
    plug(bench.lab, bench.rack, "n1", "boot")
    bench.wait_for_console("system up:", seconds=20.0)
    assert "local disk" not in bench.console()


def test_a_boot_node_that_says_no_is_not_silent(bench: Bench, copied: Path) -> None:
    kept = bench.image.read_bytes()
    bench.image.unlink()
    start(bench, "none")
    bench.wait_for_console("attempt 4", seconds=30.0)
    assert "local disk" not in bench.console()
    bench.publish(kept)
    bench.wait_for_console("system up:")


def test_the_disk_is_chosen_for_one_boot(bench: Bench, copied: Path) -> None:
    start(bench, "disk")
    bench.wait_for_console("system up:")
    assert "from-disk" in bench.console()
    assert "DHCP" not in bench.console()
    assert "No override" in bench.ipmi("chassis", "bootparam", "get", "5")


def test_altered_bytes_on_the_disk_are_not_started(bench: Bench, copied: Path, image: bytes) -> None:
    power_off(bench.lab, "n1", hard=True)
    altered = image[:-1] + bytes([image[-1] ^ 1])
    keep_copy(bench, copied, altered, hashlib.sha256(image).hexdigest())
    start(bench, "disk")
    bench.wait_for_console("digest mismatch: expected ")
    assert "system up:" not in bench.console()
    power_off(bench.lab, "n1", hard=True)
    keep_copy(bench, copied, image, hashlib.sha256(image).hexdigest())


def test_a_mirror_that_lost_a_disk_still_boots(bench: Bench, copied: Path) -> None:
    power_off(bench.lab, "n1", hard=True)
    pull(bench.lab, bench.node, 1)
    start(bench, "disk")
    bench.wait_for_console("system up:")
    assert "on 3 disks" in bench.console()

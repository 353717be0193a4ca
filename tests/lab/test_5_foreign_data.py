"""Disks with somebody's data: never touched, named with serial and remedy, erased only when told to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.lab.operator_shell import Rack
from tests.lab.stack_file import OPTIONS, storage_only

NODE = "n5"
SERIAL = "n5-local-2"


def _devices(ready: Rack) -> dict[str, str]:
    """Local disks by serial, as device paths. A loop device has the same name in and out of the node."""
    listed = ready.lab(f"console {NODE} -- lsblk -ndo SERIAL,PATH").split("\n")
    return dict(line.split() for line in listed if f"{NODE}-local-" in line)


@pytest.fixture(scope="module")
def foreign_disk(ready: Rack) -> str:
    """The node lost its mirror while it was off, and one of its disks holds somebody's ext4."""
    devices = _devices(ready)
    ready.lab(f"power {NODE} off --hard")
    for device in devices.values():
        subprocess.run(["blkdiscard", "-f", device], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-L", "payroll", devices[SERIAL]], check=True)
    return devices[SERIAL]


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack file of an operator who says that the disk may be erased."""
    text = storage_only()
    line = "        osd: [n5-osd-1]\n"
    assert line in text
    changed = tmp_path_factory.mktemp("site") / "Pulumi.lab.yaml"
    changed.write_text(text.replace(line, f"{line}      wipe: [{SERIAL}]\n"))
    return changed


def _label(device: str) -> str:
    found = subprocess.run(
        ["blkid", "-p", "-o", "value", "-s", "LABEL", device], capture_output=True, text=True
    )
    return found.stdout.strip()


def test_up_refuses_and_leaves_the_data(ready: Rack, foreign_disk: str) -> None:
    refused = ready.up()
    assert refused.code != 0
    assert SERIAL in refused.text, refused.text
    assert _label(foreign_disk) == "payroll"


def test_a_first_preview_refuses(ready: Rack, foreign_disk: str) -> None:
    backend = "$PISTON_LAB_DIR/pulumi-first"
    plan = ready.shell(
        f"mkdir -p {backend}; export PULUMI_BACKEND_URL=file://{backend}; pulumi stack init lab; "
        f"pulumi preview {OPTIONS} --non-interactive"
    )
    assert plan.code != 0
    assert f"{NODE}: could not use its local disks" in plan.text, plan.text
    assert f"{SERIAL} (foreign:ext4" in plan.text, plan.text
    assert "`wipe:`" in plan.text, plan.text


def test_named_under_wipe_it_is_erased(ready: Rack, foreign_disk: str, allowed: Path) -> None:
    made = ready.shell(
        f"pulumi up --stack lab --config-file {allowed} --yes --skip-preview --non-interactive"
    )
    assert made.code == 0, made.text
    assert _label(foreign_disk) == f"piston:lab:{NODE}"


def test_the_stack_file_without_wipe_converges_again(ready: Rack) -> None:
    assert ready.up().code == 0
    after = ready.preview()
    assert after.is_clean(), after.text

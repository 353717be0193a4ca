"""Somebody alters the image on the boot node: no node boots it, the plan says so, up puts it right."""

from __future__ import annotations

import re
import time

from tests.lab.operator_shell import Rack

NODE = "n4"
PATIENCE_S = 60.0


def _image_on_the_boot_node(rack: Rack) -> str:
    """The file that nodes are served, as a path on the boot node."""
    return rack.lab(
        "console boot -- find /var/lib/piston-bootd/releases /cloudkey -name root.squashfs"
    ).split()[0]


def test_an_altered_image_is_refused_by_the_booting_node(ready: Rack) -> None:
    ready.lab(f"power {NODE} off --hard")
    # The CloudKey is mounted read-only; whoever is root on the boot node can change that.
    ready.lab("console boot -- mount -o remount,rw /cloudkey")
    ready.lab(f"console boot -- sh -c 'echo altered >> {_image_on_the_boot_node(ready)}'")
    ready.lab(f"power {NODE} on")
    until = time.monotonic() + PATIENCE_S
    console = ""
    while "digest mismatch" not in console and time.monotonic() < until:
        time.sleep(1)
        console = ready.lab(f"console {NODE}")
    assert "digest mismatch" in console, console


def test_the_plan_names_it_and_up_repairs_it(ready: Rack) -> None:
    plan = ready.preview()
    told = plan.told()
    assert set(told) == {"BootImage (image-2026.11)", f"BareMetalNode ({NODE})"}, plan.text
    pattern = r"files\.root\.squashfs: [0-9a-f]{64} => [0-9a-f]{64}"
    assert re.fullmatch(pattern, told["BootImage (image-2026.11)"][0]), plan.text
    repaired = ready.up()
    assert repaired.code == 0, repaired.text
    after = ready.preview()
    assert after.is_clean(), after.text

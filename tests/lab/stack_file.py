"""The stack files of tests on the rack: the lab's own, and less of it.

A whole cloud takes many minutes to install, a control plane three, storage alone one, and the change gate has
an hour: most tests have storage alone. `test_9_control_plane` puts the next layer on; longer tests of it, and
all of the whole cloud, are in tests/long.
"""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WHOLE_CLOUD = CHECKOUT / "stacks" / "Pulumi.lab.yaml"
CONTROL_PLANE = CHECKOUT / "build" / "control-plane" / "Pulumi.lab.yaml"
STORAGE_ONLY = CHECKOUT / "build" / "storage-only" / "Pulumi.lab.yaml"
OPTIONS = f"--stack lab --config-file {STORAGE_ONLY}"
DECLARED = "  piston:controlPlane: {}\n"
_MACHINES = """
  # Machines, networks, volumes, objects and the dashboard. No processor of the lab has support for machines.
  piston:cloud:
    hypervisor: qemu
"""


def control_plane() -> str:
    """The text of the one without machines."""
    text = WHOLE_CLOUD.read_text()
    assert text.count(_MACHINES) == 1
    return text.replace(_MACHINES, "")


def storage_only() -> str:
    """The text of the one with storage alone."""
    text = control_plane()
    assert text.count(DECLARED) == 1
    return text.replace(DECLARED, "")


def write_layers() -> None:
    """Put them where `STORAGE_ONLY` and `CONTROL_PLANE` are."""
    for path, text in ((STORAGE_ONLY, storage_only()), (CONTROL_PLANE, control_plane())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

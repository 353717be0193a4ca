"""The stack files of tests on the rack: the lab's own, and less of it.

A whole cloud takes many minutes to install, a control plane three, storage alone one, and the change gate has
an hour: most tests have storage alone. `test_9_control_plane` puts the next layer on; longer tests of it are
in tests/long.
"""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WHOLE = CHECKOUT / "stacks" / "Pulumi.lab.yaml"
STORAGE_ONLY = CHECKOUT / "build" / "storage-only" / "Pulumi.lab.yaml"
CONTROL_PLANE = CHECKOUT / "build" / "control-plane" / "Pulumi.lab.yaml"
OPTIONS = f"--stack lab --config-file {STORAGE_ONLY}"
DECLARED = "  piston:controlPlane: {}\n"
_CLOUD = "  piston:cloud:\n    hypervisor: qemu\n"


def control_plane() -> str:
    """The text of the one without machines."""
    return _without(WHOLE.read_text(), _CLOUD)


def storage_only() -> str:
    """The text of the one with storage alone."""
    return _without(control_plane(), DECLARED)


def write_layers() -> None:
    """Put them where `STORAGE_ONLY` and `CONTROL_PLANE` are."""
    for path, text in ((STORAGE_ONLY, storage_only()), (CONTROL_PLANE, control_plane())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _without(text: str, part: str) -> str:
    assert text.count(part) == 1
    return text.replace(part, "")

"""The stack files of tests on the rack: the lab's own, less of it, and more.

A whole cloud takes many minutes to install, a control plane three, storage alone one, and the change gate has
an hour: most tests have storage alone. `test_9_control_plane` puts the next layer on; longer tests of it are
in tests/long.
"""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CONTROL_PLANE = CHECKOUT / "stacks" / "Pulumi.lab.yaml"
STORAGE_ONLY = CHECKOUT / "build" / "storage-only" / "Pulumi.lab.yaml"
WHOLE_CLOUD = CHECKOUT / "build" / "whole-cloud" / "Pulumi.lab.yaml"
OPTIONS = f"--stack lab --config-file {STORAGE_ONLY}"
DECLARED = "  piston:controlPlane: {}\n"
# No processor of the lab has support for machines.
_MACHINES = f"{DECLARED}  piston:cloud:\n    hypervisor: qemu\n"


def control_plane() -> str:
    """The text of the lab's own."""
    text = CONTROL_PLANE.read_text()
    assert text.count(DECLARED) == 1
    return text


def storage_only() -> str:
    """The text of the one with storage alone."""
    return control_plane().replace(DECLARED, "")


def whole_cloud() -> str:
    """The text of the one with machines too."""
    return control_plane().replace(DECLARED, _MACHINES)


def write_layers() -> None:
    """Put them where `STORAGE_ONLY` and `WHOLE_CLOUD` are."""
    for path, text in ((STORAGE_ONLY, storage_only()), (WHOLE_CLOUD, whole_cloud())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

"""The stack file of most tests on the rack: the lab's without its control plane.

A whole rack takes three minutes to install and ten seconds to plan, one of storage alone a third of that, and
the change gate has an hour. `test_9_control_plane` puts it on; the longer tests of it are in tests/long.
"""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WHOLE = CHECKOUT / "stacks" / "Pulumi.lab.yaml"
STORAGE_ONLY = CHECKOUT / "build" / "storage-only" / "Pulumi.lab.yaml"
OPTIONS = f"--stack lab --config-file {STORAGE_ONLY}"
_DECLARED = "  piston:controlPlane: {}\n"


def storage_only() -> str:
    """Its text."""
    text = WHOLE.read_text()
    assert text.count(_DECLARED) == 1
    return text.replace(_DECLARED, "")


def write_storage_only() -> None:
    """Put it where `OPTIONS` says."""
    STORAGE_ONLY.parent.mkdir(parents=True, exist_ok=True)
    STORAGE_ONLY.write_text(storage_only())

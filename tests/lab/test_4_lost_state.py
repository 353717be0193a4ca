"""The state file is lost while the rack runs: the preview says what it would do to disks, up adopts."""

from __future__ import annotations

import pytest

from tests.lab.operator_shell import NODES, Rack, Result
from tests.lab.stack_file import OPTIONS


@pytest.fixture(scope="module")
def lost(ready: Rack) -> str:
    """A prefix for commands: another backend, in which the stack is new."""
    prefix = (
        "export PULUMI_BACKEND_URL=file://$PISTON_LAB_DIR/pulumi-new; mkdir -p $PISTON_LAB_DIR/pulumi-new; "
    )
    ready.must(f"{prefix} pulumi stack init lab")
    return prefix


@pytest.fixture(scope="module")
def plan(ready: Rack, lost: str) -> Result:
    return ready.shell(f"{lost} pulumi preview {OPTIONS} --non-interactive")


@pytest.mark.parametrize("node", NODES)
def test_preview_names_the_disks_of_running_machines(plan: Result, node: str) -> None:
    assert plan.code == 0, plan.text
    serials = ", ".join(f"{node}-local-{slot}" for slot in (1, 2, 3, 4))
    assert plan.told()[f"BareMetalNode ({node})"] == [f"{node}: adopts 4 disks, serials {serials}"]


def test_up_adopts_everything_without_a_write(ready: Rack, lost: str) -> None:
    before = ready.writes()
    adopted = ready.shell(f"{lost} pulumi up {OPTIONS} --yes --skip-preview --non-interactive")
    assert adopted.code == 0, adopted.text
    assert ready.writes() == before
    again = ready.shell(f"{lost} pulumi preview {OPTIONS} --non-interactive")
    assert again.is_clean(), again.text

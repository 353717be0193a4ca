"""Host name, files, units: what follows from a document."""

from __future__ import annotations

from piston_iac.node_agent.files import SeenFile
from piston_iac.node_agent.steps import (
    ForgetRestart,
    ReloadUnit,
    RestartUnit,
    SetHostname,
    StartUnit,
    WriteFile,
)
from piston_iac.node_agent.system_steps import file_plan, hostname_plan, others_plan, unit_plan
from tests.unit.node_agent.documents import document

WANTED = document()
RIGHT = {it.path: SeenFile(it.digest(), int(it.mode, 8)) for it in WANTED.files}
ACTIVE = dict.fromkeys(WANTED.units, "active")
NONE: frozenset[str] = frozenset()


def test_a_node_that_is_right_needs_nothing() -> None:
    assert hostname_plan(WANTED, "n1").steps == ()
    assert file_plan(WANTED, RIGHT).steps == ()
    assert unit_plan(WANTED.units, NONE, ACTIVE).steps == ()


def test_the_host_name_is_set() -> None:
    assert hostname_plan(WANTED, "localhost").steps == (SetHostname("n1"),)


def test_missing_changed_and_open_files_are_written() -> None:
    first, second = WANTED.files
    assert file_plan(WANTED, {**RIGHT, first.path: SeenFile("", 0)}).steps == (WriteFile(first),)
    assert file_plan(WANTED, {**RIGHT, second.path: SeenFile("0" * 64, 0o600)}).steps == (WriteFile(second),)
    assert file_plan(WANTED, {**RIGHT, second.path: SeenFile(second.digest(), 0o644)}).steps == (
        WriteFile(second),
    )


def test_no_text_shows_what_is_in_a_file() -> None:
    assert "two" not in WriteFile(WANTED.files[1]).text


def test_stopped_and_failed_units_are_started_in_the_document_s_order() -> None:
    states = {"a.service": "failed", "b.service": "inactive"}
    assert unit_plan(WANTED.units, NONE, states).steps == (StartUnit("a.service"), StartUnit("b.service"))


def test_a_unit_on_its_way_up_is_left_alone() -> None:
    assert unit_plan(WANTED.units, NONE, {**ACTIVE, "a.service": "activating"}).steps == ()


def test_a_changed_file_restarts_its_unit_once_whatever_state_it_is_in() -> None:
    for state in ("active", "inactive", "failed"):
        steps = unit_plan(WANTED.units, frozenset({"a.service"}), {**ACTIVE, "a.service": state}).steps
        assert steps == (RestartUnit("a.service"),)


def test_a_unit_that_can_reads_its_changed_file_without_a_restart() -> None:
    changed = frozenset({"a.service", "b.service"})
    steps = unit_plan(WANTED.units, changed, ACTIVE, ("b.service",)).steps
    assert steps == (RestartUnit("a.service"), ReloadUnit("b.service"))


def test_a_unit_nobody_wants_is_restarted_only_when_it_runs_and_else_forgotten() -> None:
    """It would be restarted for nothing once somebody has started it, with the new file."""
    states = {"asked.service": "unknown", "other.service": "inactive", "running.service": "active"}
    assert others_plan(states, states).steps == (
        RestartUnit("running.service"),
        ForgetRestart("other.service"),
    )

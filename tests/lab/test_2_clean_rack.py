"""A rack that is as declared: nothing to do, and no device hears a word of change."""

from __future__ import annotations

import pytest

from tests.lab.operator_shell import Rack

# `make test-long` makes a hundred, half of them with a client at work.
PREVIEWS = 5


def test_second_up_changes_nothing(ready: Rack) -> None:
    before = ready.writes()
    again = ready.up()
    assert again.code == 0, again.text
    assert again.is_clean(), again.text
    assert ready.writes() == before


# Many engine runs in one test: more than the five minutes that any other test may take on a busy machine.
@pytest.mark.timeout(900)
def test_previews_find_nothing(ready: Rack) -> None:
    before = ready.writes()
    for _ in range(PREVIEWS):
        plan = ready.preview()
        assert plan.code == 0, plan.text
        assert plan.is_clean(), plan.text
    assert ready.writes() == before


def test_a_plan_shows_no_secret(ready: Rack) -> None:
    config = ready.must("pulumi config get --path seed --stack lab").strip()
    state = ready.must("pulumi stack export --stack lab")
    assert config not in state
    assert "PRIVATE KEY" not in state


def test_a_question_to_the_login_manager_is_answered_at_once(ready: Rack) -> None:
    """libvirt asks it before a node's first machine, and D-Bus would wait for it to start."""
    manager = "org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager"
    said = ready.lab(f"console n1 -- sh -c 'timeout 5 busctl call {manager} CanSuspend 2>&1; true'")
    assert "refuse" in said, said

"""The workflow for pull requests: what it runs without a rack is run here, word for word."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
TEXT = (CHECKOUT / ".github" / "workflows" / "piston.yml").read_text()
WORKFLOW: dict[str, Any] = yaml.safe_load(TEXT)
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
LIMIT_S = 120


def at_the_rack(job: dict[str, Any]) -> bool:
    return isinstance(job["runs-on"], list) and "self-hosted" in job["runs-on"]


ANYWHERE = [
    pytest.param(step["run"], id=f"{name}: {step['name']}")
    for name, job in JOBS.items()
    if not at_the_rack(job)
    for step in job["steps"]
    if "run" in step
]


def test_it_runs_on_pull_requests_and_may_only_read() -> None:
    assert WORKFLOW[True] == {"pull_request": None}  # YAML 1.1 takes `on` for true
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_every_stack_file_is_checked() -> None:
    assert "bin/piston check --all" in [parameter.values[0] for parameter in ANYWHERE]


@pytest.mark.parametrize("command", ANYWHERE)
def test_a_step_runs_as_it_is_written(command: str) -> None:
    """As the runner does it: bash without its own settings, ended by the first error."""
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def test_what_needs_a_rack_or_a_secret_runs_at_the_rack_alone() -> None:
    for name, job in JOBS.items():
        text = str(job)
        needs_rack = "pulumi preview" in text or "secrets." in text
        assert at_the_rack(job) is needs_rack, name


def test_no_fork_gets_near_the_rack() -> None:
    for job in JOBS.values():
        if at_the_rack(job):
            assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
            assert job["needs"] == "check"


def test_what_runs_at_the_rack_is_sound_bash_and_names_what_there_is() -> None:
    commands = [
        step["run"] for job in JOBS.values() if at_the_rack(job) for step in job["steps"] if "run" in step
    ]
    for command in commands:
        subprocess.run(["bash", "-n", "-c", command], check=True, timeout=LIMIT_S)
    script = "\n".join(commands)
    assert "pulumi preview --policy-pack policies" in script
    assert (CHECKOUT / "policies" / "PulumiPolicy.yaml").is_file()
    assert (CHECKOUT / "env.sh").is_file()
    assert "\nimage: " in (CHECKOUT / "Makefile").read_text()


def test_no_text_of_a_pull_request_becomes_a_command() -> None:
    """`${{ ... }}` in a command is put in before bash reads it; values go through `env`."""
    for job in JOBS.values():
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")]

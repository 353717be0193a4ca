"""The real engine on the project beside this file, on our host or on the stock one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from piston_iac.site.load import load_config
from piston_iac.site.schema import Site

CHECKOUT = Path(__file__).resolve().parents[3]
HOST = CHECKOUT / "piston_iac" / "dynamic_providers" / "host"
STACKS = CHECKOUT / "stacks"
STACK = "lab"
RUN_TIMEOUT_S = 150.0
# What people may see of a property that changes: old value, new value.
Change = tuple[Any, Any]


@dataclass(frozen=True)
class Run:
    """One engine command: its exit status, what it printed, and its events."""

    code: int
    text: str
    events: list[dict[str, Any]]

    def operations(self) -> dict[str, int]:
        """How many resources of the program were to be created, updated, left as they are (`same`)…"""
        return dict(Counter(step["op"] for step in self._steps()))

    def updates(self) -> dict[str, dict[str, Change]]:
        """For each resource to be updated the fields that differ, by path, old and new."""
        return {
            step["urn"].rpartition("::")[2]: dict(
                _differences("", step["old"]["inputs"], step["new"]["inputs"])
            )
            for step in self._steps()
            if step["op"] == "update"
        }

    def _steps(self) -> list[dict[str, Any]]:
        """Steps of the program's own resources; reading them first is none."""
        found = [
            event["resourcePreEvent"]["metadata"] for event in self.events if "resourcePreEvent" in event
        ]
        return [step for step in found if step["op"] != "refresh" and step["type"] != "pulumi:pulumi:Stack"]


def _differences(path: str, old: Any, new: Any) -> Sequence[tuple[str, Change]]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        inner = [_differences(f"{path}.{key}" if path else key, old.get(key), new.get(key)) for key in keys]
        return [entry for entries in inner for entry in entries]
    return [(path, (old, new))] if old != new else []


@dataclass
class Project:
    """The project in a directory of its own. `enter` is the command that goes to the operator's place."""

    directory: Path
    engine: Path
    enter: list[str]
    own_host: bool
    backends: int = 0
    transcript: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Copy program and stack file, and begin with an empty state."""
        source = Path(__file__).parent / "project"
        shutil.copytree(source, self.directory, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(STACKS / f"Pulumi.{STACK}.yaml", self.directory)
        (self.directory / "Pulumi.yaml").write_text(json.dumps(self._project_file()))
        self.lose_state()

    def lose_state(self) -> None:
        """Go on with a new backend, which knows nothing of the rack."""
        self.backends += 1
        self.backend.mkdir()
        self.run("stack", "init", STACK, events=False)

    @property
    def backend(self) -> Path:
        """Where the state is now."""
        return self.directory / f"backend-{self.backends}"

    def environment(self) -> dict[str, str]:
        """What the engine needs, and nothing that this shell has of Pulumi's."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "PISTON_LAB"))},
            "PATH": f"{self.engine}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(STACKS / f"{STACK}.passphrase"),
            "PULUMI_HOME": str(self.directory / "home"),
            "XDG_STATE_HOME": str(self.directory / "xdg-state"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_PARALLEL": "256",
            "PULUMI_CONTINUE_ON_ERROR": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
        }

    def run(self, *command: str, events: bool = True) -> Run:
        """Run an engine command at the operator's place, to its end."""
        log = self.directory / f"events-{len(self.transcript)}"
        extra = ["--event-log", str(log)] if events else []
        done = subprocess.run(
            [*self.enter, str(self.engine / "pulumi"), *command, "--non-interactive", *extra],
            cwd=self.directory,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
        )
        self.transcript.append(f"$ pulumi {' '.join(command)}\n{done.stdout}")
        lines = log.read_text().splitlines() if log.exists() else []
        run = Run(done.returncode, done.stdout, [json.loads(line) for line in lines])
        assert events or run.code == 0, run.text
        return run

    def preview(self, *options: str) -> Run:
        """A preview with every field that would change."""
        return self.run("preview", "--diff", *options)

    def up(self) -> Run:
        """Apply."""
        return self.run("up", "--yes", "--skip-preview")

    def destroy(self) -> Run:
        """Give all of it back."""
        return self.run("destroy", "--yes", "--skip-preview")

    def site(self) -> Site:
        """The site of the stack file, secrets included."""
        told = self.run("config", "--show-secrets", "--json", events=False)
        self.transcript.pop()  # the one command whose answer is secrets
        return load_config(STACK, json.loads(told.text))

    def stored(self) -> str:
        """All bytes that outlive a run: the backend's state, backups and history, and the host's log."""
        places = [self.backend, self.directory / "xdg-state"]
        files = [path for place in places for path in place.rglob("*") if path.is_file()]
        return "".join(path.read_text(errors="replace") for path in files)

    def _project_file(self) -> dict[str, Any]:
        project: dict[str, Any] = {
            "name": "piston",
            "runtime": {"name": "python", "options": {"virtualenv": str(CHECKOUT / ".venv")}},
            "options": {"refresh": "always"},
        }
        if self.own_host:
            project["plugins"] = {"providers": [{"name": "pulumi-python", "path": str(HOST)}]}
        return project

"""A small Pulumi project with toy devices, driven by the real engine on our host or on the stock one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
HOST = CHECKOUT / "piston_iac" / "dynamic_providers" / "host"
RUN_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Run:
    """One engine command: its exit code, what it printed, and its events."""

    code: int
    text: str
    events: list[dict[str, Any]]

    def steps(self) -> dict[str, dict[str, Any]]:
        """Metadata of each resource's main step, by resource name."""
        found = {}
        for event in self.events:
            metadata = event.get("resourcePreEvent", {}).get("metadata")
            if metadata:
                found[metadata["urn"].rpartition("::")[2]] = metadata
        return found

    def outputs(self, name: str) -> dict[str, Any]:
        """Outputs that a step ended with."""
        for event in reversed(self.events):
            metadata = event.get("resOutputsEvent", {}).get("metadata")
            if metadata and metadata["urn"].endswith(f"::{name}"):
                return metadata["new"]["outputs"] or {}
        return {}

    def diagnostics(self, severity: str, name: str = "", *, ephemeral: bool = False) -> list[str]:
        """Messages of a severity on a resource, as shown."""
        found = [event["diagnosticEvent"] for event in self.events if "diagnosticEvent" in event]
        return [
            diagnostic["message"].replace("<{%reset%}>", "").strip()
            for diagnostic in found
            if diagnostic["severity"] == severity
            and diagnostic.get("ephemeral", False) == ephemeral
            and diagnostic.get("urn", "").endswith(f"::{name}" if name else "")
        ]


class Site:
    """A project in a directory of its own, with its own backend and its own world of devices."""

    def __init__(self, directory: Path, engine: Path, *, own_host: bool) -> None:
        self.own_host = own_host
        self.project = directory / "project"
        self.world = directory / "world"
        self.backend = directory / "backend"
        self.state_home = directory / "state"
        self.transcript = ""
        shutil.copytree(
            Path(__file__).parent / "project", self.project, ignore=shutil.ignore_patterns("__pycache__")
        )
        self.world.mkdir()
        self.backend.mkdir()
        (self.project / "Pulumi.yaml").write_text(json.dumps(_project_file(own_host)))
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")},
            "PATH": f"{engine}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_PARALLEL": "256",
            "PULUMI_CONTINUE_ON_ERROR": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
            "PULUMI_EXPERIMENTAL": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PISTON_PROVIDER_MODULES": "toys",
            "TOYS_WORLD": str(self.world),
            "XDG_STATE_HOME": str(self.state_home),
        }
        self._quiet("stack", "init", "s")
        self._quiet("config", "set", "--secret", "toys:token", "planted-token")

    def scene(self, **devices: dict[str, Any]) -> None:
        """What the program declares from now on."""
        (self.project / "scene.json").write_text(json.dumps(devices))

    def misbehave(self, name: str, how: str, on: bool = True) -> None:
        """Switch a device's fault on or off."""
        mark = self.world / f"{name}.{how}"
        mark.touch() if on else mark.unlink()

    def device(self, name: str) -> dict[str, Any]:
        """What a device is set to."""
        found: dict[str, Any] = json.loads((self.world / f"{name}.json").read_text())
        return found

    def set_device(self, name: str, fields: dict[str, Any]) -> None:
        """Change a device behind the engine's back, or put one there."""
        path = self.world / f"{name}.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**before, **fields}))

    def log(self) -> list[str]:
        """What the devices saw, and empties the log."""
        path = self.world / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def wait_for_log(self, beginning: str) -> str:
        """The first line the devices logged that begins so; waits for it."""
        path = self.world / "log"
        end = time.monotonic() + RUN_TIMEOUT_S
        while time.monotonic() < end:
            for line in path.read_text().splitlines() if path.exists() else []:
                if line.startswith(beginning):
                    return line
            time.sleep(0.1)
        raise AssertionError(f"no line {beginning!r} in the devices' log")

    def start(self, command: str, *options: str) -> tuple[subprocess.Popen[str], Path]:
        """Start an engine command in a process group of its own."""
        events = self.project / f"events-{time.monotonic_ns()}"
        extra = ["--yes", "--skip-preview"] if command in ("up", "destroy") else []
        process = subprocess.Popen(
            ["pulumi", command, *extra, *options, "--non-interactive", "--event-log", str(events)],
            cwd=self.project,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return process, events

    def finish(self, started: tuple[subprocess.Popen[str], Path]) -> Run:
        """Wait for a started command."""
        process, events = started
        text = process.communicate(timeout=RUN_TIMEOUT_S)[0]
        self.transcript += text
        lines = events.read_text().splitlines() if events.exists() else []
        return Run(process.returncode, text, [json.loads(line) for line in lines])

    def run(self, command: str, *options: str) -> Run:
        """Run an engine command to its end."""
        return self.finish(self.start(command, *options))

    def state(self) -> dict[str, dict[str, Any]]:
        """Resources in the state, by name, as stored (secrets are ciphertext)."""
        files = list(self.backend.glob(".pulumi/stacks/*/s.json"))
        resources = json.loads(files[0].read_text())["checkpoint"].get("latest", {}).get("resources") or []
        return {
            r["urn"].rpartition("::")[2]: r
            for r in resources
            if r.get("custom") and "::pulumi:" not in r["urn"]
        }

    def everything_stored(self) -> str:
        """All bytes that outlive a run: backend, history, host log, and what was printed."""
        places = [self.backend, self.state_home]
        files = [path for place in places for path in place.rglob("*") if path.is_file()]
        return self.transcript + "".join(path.read_text(errors="replace") for path in files)

    def unlock(self) -> None:
        """Remove the lock that a killed engine left."""
        self._quiet("cancel", "--yes", "s")

    def _quiet(self, *arguments: str) -> None:
        subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.project,
            env=self.environment,
            check=True,
            capture_output=True,
            timeout=RUN_TIMEOUT_S,
        )


def _project_file(own_host: bool) -> dict[str, Any]:
    project: dict[str, Any] = {
        "name": "toys",
        "runtime": {"name": "python", "options": {"virtualenv": str(CHECKOUT / ".venv")}},
        "options": {"refresh": "always"},
    }
    if own_host:
        project["plugins"] = {"providers": [{"name": "pulumi-python", "path": str(HOST)}]}
    return project


def _leftovers(directory: Path) -> list[int]:
    """Processes that still work in a site's directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "cwd").resolve().is_relative_to(directory):
                    found.append(int(entry.name))
    return found


def secret(value: str) -> dict[str, Any]:
    """A secret property, as the toy program reads it."""
    return {"secret": value}


DEVICE: dict[str, Any] = {
    "size": 1,
    "tags": ["x", "y"],
    "units": {"chrony.service": {"active": True, "key": secret("planted-nested")}},
    "password": secret("planted-password"),
}
PLAIN_DEVICE = {
    **DEVICE,
    "password": "planted-password",
    "units": {"chrony.service": {"active": True, "key": "planted-nested"}},
}


@dataclass(frozen=True)
class CommonStory:
    """What every host has to do, in the order it was done."""

    site: Site
    refused: Run
    first_up: Run
    first_log: list[str]
    first_state: dict[str, dict[str, Any]]
    drift_preview: Run
    repair: Run
    repair_log: list[str]
    repaired_units: dict[str, Any]
    last_state: dict[str, dict[str, Any]]
    clean_preview: Run
    mended_preview: Run
    stored: str
    destroy: Run
    devices_left: list[str]


def tell_common_story(site: Site) -> CommonStory:
    site.scene(bad={**DEVICE, "name": "b b", "size": 0})
    refused = site.run("preview")

    site.set_device("adopted", {"name": "adopted", **PLAIN_DEVICE})
    site.scene(a=DEVICE, b=DEVICE, gone=DEVICE, adopted=DEVICE)
    first_up = site.run("up")
    first_log, first_state = site.log(), site.state()

    site.set_device(
        "a", {"units": {"chrony.service": {"active": False, "key": "planted-nested"}, "extra": {}}}
    )
    (site.world / "gone.json").unlink()
    after = {"tags": [{"from": ["c", "address"]}, {"from": ["c", "serial"]}]}
    site.scene(a=DEVICE, b={**DEVICE, "size": 2}, gone=DEVICE, c=DEVICE, d={**DEVICE, **after})
    drift_preview = site.run("preview", "--diff")
    site.log()
    repair = site.run("up")
    repair_log, last_state = site.log(), site.state()
    repaired = site.device("a")["units"]

    clean_preview = site.run("preview", "--expect-no-changes")
    # A fault that came into the state, and is gone by itself.
    site.set_device("a", {"size": 5})
    assert site.run("refresh", "--yes", "--skip-preview").code == 0
    site.set_device("a", {"size": 1})
    mended_preview = site.run("preview", "--expect-no-changes")
    stored = site.everything_stored()
    destroy = site.run("destroy")
    left = [path.name for path in site.world.glob("*.json")]
    return CommonStory(
        site,
        refused,
        first_up,
        first_log,
        first_state,
        drift_preview,
        repair,
        repair_log,
        repaired,
        last_state,
        clean_preview,
        mended_preview,
        stored,
        destroy,
        left,
    )


@dataclass(frozen=True)
class OwnStory:
    """What only our host can do, in the order it was done."""

    site: Site
    failing_up: Run
    failing_state: dict[str, dict[str, Any]]
    blind_preview: Run
    continued_up: Run
    continued_log: list[str]
    continued_state: dict[str, dict[str, Any]]
    cancelled_up: Run
    cancelled_log: list[str]
    cancelled_state: dict[str, dict[str, Any]]
    interrupted_up: Run
    interrupted_log: list[str]
    stored: str


def tell_own_story(site: Site) -> OwnStory:
    # A device each that never gets ready, refuses, has a faulty driver, and one that is fine.
    for name in ("half", "refuse", "bug"):
        site.misbehave(name, name)
    site.scene(fine=DEVICE, half=DEVICE, refuse=DEVICE, bug=DEVICE)
    failing_up = site.run("up")
    failing_state = site.state()

    # Nothing can be reached: the plan still stands.
    site.misbehave("fine", "unreachable")
    site.misbehave("half", "unreachable")
    site.scene(fine=DEVICE, half=DEVICE)
    blind_preview = site.run("preview")

    # All is well again, and a device that was made by hand is imported.
    for name, how in (("fine", "unreachable"), ("half", "unreachable"), ("half", "half")):
        site.misbehave(name, how, on=False)
    site.set_device("imported", {"name": "imported", **PLAIN_DEVICE})
    site.scene(fine=DEVICE, half=DEVICE, imported={**DEVICE, "import": "toys/imported"})
    site.log()
    continued_up = site.run("up")
    continued_log, continued_state = site.log(), site.state()

    # Ctrl-C: the operator's engine passes it on.
    site.scene(fine=DEVICE, imported=DEVICE, slow=DEVICE)
    site.misbehave("slow", "slow")
    started = site.start("up")
    site.wait_for_log("waiting slow")
    started[0].send_signal(signal.SIGINT)
    cancelled_up = site.finish(started)
    cancelled_log, cancelled_state = site.log(), site.state()

    # An interrupt that reaches the host while its engine still works and has more to do.
    site.misbehave("brief", "brief")
    later = {**DEVICE, "tags": [{"from": ["brief", "serial"]}]}
    site.scene(fine=DEVICE, imported=DEVICE, slow=DEVICE, brief=DEVICE, later=later)
    started = site.start("up")
    os.kill(int(site.wait_for_log("waiting slow").split()[-1]), signal.SIGINT)
    interrupted_up = site.finish(started)
    interrupted_log = site.log()
    return OwnStory(
        site,
        failing_up,
        failing_state,
        blind_preview,
        continued_up,
        continued_log,
        continued_state,
        cancelled_up,
        cancelled_log,
        cancelled_state,
        interrupted_up,
        interrupted_log,
        site.everything_stored(),
    )


@pytest.fixture(scope="session")
def engine() -> Path:
    """Directory of the Pulumi engine."""
    found = subprocess.run([CHECKOUT / "setup" / "engine.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def make_site(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Makes sites; ends what they left running."""
    directories: list[Path] = []
    one_at_a_time = threading.Lock()

    def make(*, own_host: bool) -> Site:
        with one_at_a_time:  # the stories' threads make their sites at once; mktemp is not made for that
            directory = tmp_path_factory.mktemp("own" if own_host else "stock")
        directories.append(directory)
        return Site(directory, engine, own_host=own_host)

    yield make
    for directory in directories:
        for pid in _leftovers(directory):
            with suppress(ProcessLookupError):
                os.kill(pid, 9)


@pytest.fixture(scope="session")
def stories(make_site: Any) -> Iterator[dict[str, Future[Any]]]:
    """All stories, told side by side: most of an engine run is waiting."""
    with ThreadPoolExecutor(3) as pool:
        yield {
            "own": pool.submit(lambda: tell_common_story(make_site(own_host=True))),
            "stock": pool.submit(lambda: tell_common_story(make_site(own_host=False))),
            "only own": pool.submit(lambda: tell_own_story(make_site(own_host=True))),
        }

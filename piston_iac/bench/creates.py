"""How long do 200 creates of one second take in all, on our host and on the stock one?

Seconds of the whole `pulumi up` of the same program in the same run: `ours_s` with the engine settings of
env.sh, `ours_checkpoints_s` with a checkpoint of the state after each step (the
engine's default), `stock_s` on the stock host with the settings of `ours_s`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]
_PROJECT = _CHECKOUT / "tests" / "bench" / "creates"
_HOST = _CHECKOUT / "piston_iac" / "dynamic_providers" / "host"
_UP_TIMEOUT_S = 600
_ONE_SAVE = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


def measure(engine: Path, resources: int, *, own_host: bool, settings: dict[str, str]) -> float:
    """Seconds of one `pulumi up` of a fresh stack.

    Args:
        engine: directory that holds `pulumi` and its companions.
        resources: how many resources to create.
        own_host: run them on our host, else on the stock one.
        settings: further environment variables of the engine.
    Raises:
        subprocess.CalledProcessError: the engine failed.
    """
    with tempfile.TemporaryDirectory(prefix="piston-bench-") as scratch:
        project = Path(scratch) / "project"
        shutil.copytree(_PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
        (project / "Pulumi.yaml").write_text(_project_file(own_host), encoding="utf-8")
        backend = Path(scratch) / "backend"
        backend.mkdir()
        environment = {
            **os.environ,
            "PATH": f"{engine}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": "x",  # a throw-away stack without secrets
            "PULUMI_HOME": f"{scratch}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",  # else it looks for pulumi-openstack
            "PULUMI_PARALLEL": "256",
            "PISTON_BENCH_RESOURCES": str(resources),
            **settings,
        }
        _pulumi(["stack", "init", "bench"], project, environment)
        start = time.monotonic()
        _pulumi(["up", "--yes", "--skip-preview"], project, environment)
        return time.monotonic() - start


def figures(resources: int = 200) -> dict[str, float]:
    """Seconds of each way, by the names above."""
    engine = _engine()
    return {
        "ours_s": measure(engine, resources, own_host=True, settings=_ONE_SAVE),
        "ours_checkpoints_s": measure(engine, resources, own_host=True, settings={}),
        "stock_s": measure(engine, resources, own_host=False, settings=_ONE_SAVE),
    }


def _project_file(own_host: bool) -> str:
    project: dict[str, object] = {
        "name": "creates",
        "runtime": {"name": "python", "options": {"virtualenv": str(_CHECKOUT / ".venv")}},
    }
    if own_host:
        project["plugins"] = {"providers": [{"name": "pulumi-python", "path": str(_HOST)}]}
    return json.dumps(project)  # JSON is YAML


def _engine() -> Path:
    found = subprocess.run([_CHECKOUT / "setup" / "engine.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip())


def _pulumi(arguments: list[str], project: Path, environment: dict[str, str]) -> None:
    ended = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_UP_TIMEOUT_S,
        check=False,
    )
    if ended.returncode:
        sys.stderr.buffer.write(ended.stdout)
        ended.check_returncode()

"""What the operator's own machine adds to a support bundle: versions, stack file, records of runs."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from piston_iac import __version__
from piston_iac.site.faults import SiteFaults
from piston_iac.site.load import load_file
from piston_iac.site.stack_file import PROJECT

_LIBRARIES = ("pulumi", "pydantic", "cryptography", "grpcio", "aiohttp", "pyghmi", "ovs", "rich")
_LIMIT_S = 20
# The end of a log is what counts.
_MOST_BYTES = 1 << 18
_BACKEND, _PASSPHRASE, _PASSPHRASE_FILE = (
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
)
_PEOPLE = ("git.author", "git.committer")
_LAB, _LAB_DIR = "PISTON_LAB", "PISTON_LAB_DIR"
Environment = Mapping[str, str]


def versions(project: Path) -> dict[str, Any]:
    """Of piston, its checkout, the engine, Python, its libraries and the system."""
    return {
        "piston": __version__,
        "checkout": _said(["git", "describe", "--always", "--dirty"], project),
        "engine": _said(["pulumi", "version"], project),
        "python": sys.version.partition(" ")[0],
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "kernel": f"{platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
    }


def check_text(stack_file: Path) -> str:
    """What `piston check` says."""
    try:
        load_file(stack_file)
    except SiteFaults as error:
        return "".join(f"{fault}\n" for fault in error.faults)
    return "ok\n"


def passphrase(environment: Environment) -> str:
    """What opens the stack's secrets, so that it can be looked for; empty when it is not at hand."""
    if named := environment.get(_PASSPHRASE_FILE):
        try:
            return Path(named).read_text(encoding="utf-8").strip()
        except OSError:
            return ""
    return environment.get(_PASSPHRASE, "")


def last_run(site: str, environment: Environment) -> dict[str, Any] | None:
    """When and how the last run ended, from a state that lies in files; None when it is not at hand.

    Without the configuration, which is in it with all its sealed values.
    """
    url = urlsplit(environment.get(_BACKEND, ""))
    if url.scheme != "file":
        return None
    history = Path(unquote(url.path)) / ".pulumi" / "history" / PROJECT / site
    # Their names end in the time of the run.
    newest = max(history.glob("*.history.json"), key=lambda path: path.name, default=None)
    try:
        raw: dict[str, Any] = json.loads(newest.read_text(encoding="utf-8")) if newest else {}
    except (OSError, ValueError):
        return None
    told = raw.get("environment", {})
    # Who wrote the last commit is nobody's business here.
    raw["environment"] = {key: told[key] for key in told if not key.startswith(_PEOPLE)}
    return {key: value for key, value in raw.items() if key != "config"} if newest else None


def lab_logs(environment: Environment) -> dict[str, bytes]:
    """The end of each log of the virtual rack; nothing at a real site."""
    if not environment.get(_LAB) or _LAB_DIR not in environment:
        return {}
    top = Path(environment[_LAB_DIR])
    found = {}
    for path in sorted([*top.glob("*.log"), *top.glob("*/*.log")]):
        if content := _end_of(path):
            found["-".join(path.relative_to(top).parts)] = content
    return found


def end_of_text(text: str) -> bytes:
    """Its last part, of whole lines."""
    return _whole_lines(text.encode())


def _end_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _MOST_BYTES - 1))
            return _whole_lines(file.read())
    except OSError:
        return b""


def _whole_lines(content: bytes) -> bytes:
    if len(content) <= _MOST_BYTES:
        return content
    return content[-_MOST_BYTES:].partition(b"\n")[2]


def _said(command: list[str], directory: Path) -> str:
    try:
        ended = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown ({type(error).__name__})"
    return ended.stdout.strip() if ended.returncode == 0 else "unknown"


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"

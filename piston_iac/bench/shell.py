"""Runs a command as a user would after `. ./env.sh`."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from piston_iac.errors import SetupError

_CHECKOUT = Path(__file__).resolve().parents[2]
_TIMEOUT_S = 1500


def output_of(command: str) -> str:
    """What the command prints.

    Raises:
        SetupError: it failed.
    """
    done = subprocess.run(
        ["bash", "-c", f". ./env.sh; {command}"],
        cwd=_CHECKOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-8:]
        raise SetupError("the lab", f"run `{command}`", " | ".join(last), "Run it by hand to see more.")
    return done.stdout


def seconds_of(command: str) -> float:
    """How long the command takes, seconds.

    Raises:
        SetupError: it failed.
    """
    began = time.monotonic()
    output_of(command)
    return time.monotonic() - began

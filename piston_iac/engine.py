"""Asks the engine's command line what it keeps of a stack."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from piston_iac.errors import SetupError

# It starts in about a second, a large state takes a few more; a passphrase prompt would wait for ever.
_LIMIT_S = 60


def ask_engine(words: Sequence[str], stack: str, project: Path, action: str) -> dict[str, Any]:
    """Its answer, which may hold secrets.

    Args:
        words: the engine's own: `stack export`.
        project: the directory of Pulumi.yaml.
        action: for errors: what it is asked for.
    Raises:
        SetupError: the engine is missing, refuses, or does not answer in time.
    """

    def failed(cause: str, remedy: str = "Run `. ./env.sh` and see `pulumi stack ls`.") -> SetupError:
        return SetupError(f"stack {stack}", action, cause, remedy)

    command = ["pulumi", *words, "--stack", stack, "--non-interactive"]
    try:
        ended = subprocess.run(
            command, cwd=project, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except FileNotFoundError:
        raise failed("there is no `pulumi` on PATH", "Run `. ./env.sh` first.") from None
    except subprocess.TimeoutExpired:
        raise failed(f"no answer within {_LIMIT_S} s", "Run the command again.") from None
    if ended.returncode:
        # The last line is the engine's own error; earlier ones may be warnings. Stdout is never shown.
        raise failed((ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1])
    try:
        answer: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        raise failed("what the engine says of it is no JSON") from None
    return answer

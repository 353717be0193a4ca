"""Open a site with its secrets: the engine decrypts the stack's configuration, we parse it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.site.load import load_config
from piston_iac.site.schema import Site

PROJECT_DIR = Path(__file__).resolve().parents[2]
# The engine starts in about a second; a passphrase prompt would wait for ever.
_LIMIT_S = 60


def open_site(name: str, project: Path = PROJECT_DIR) -> Site:
    """The site of that stack, secrets included.

    Args:
        name: the stack.
        project: the directory of Pulumi.yaml.
    Raises:
        SetupError: the engine is missing or could not read or decrypt the stack.
        SiteFaults: the configuration is not a valid site.
    """
    command = ["pulumi", "config", "--show-secrets", "--json", "--stack", name, "--non-interactive"]
    try:
        ended = subprocess.run(
            command, cwd=project, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except FileNotFoundError:
        raise _failed(name, "there is no `pulumi` on PATH", "Run `. ./env.sh` first.") from None
    except subprocess.TimeoutExpired:
        raise _failed(name, f"no answer within {_LIMIT_S} s", "Run the command again.") from None
    if ended.returncode:
        # The last line is the engine's own error; earlier ones may be warnings. Stdout is never shown:
        # it could hold secrets.
        said = (ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1]
        raise _failed(name, said, "Run `. ./env.sh` and see `pulumi stack ls`.")
    return load_config(name, json.loads(ended.stdout))


def _failed(name: str, cause: str, remedy: str) -> SetupError:
    return SetupError(f"stack {name}", "read its configuration", cause, remedy)

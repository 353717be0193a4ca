"""Open a site with its secrets: the engine decrypts the stack's configuration, we parse it."""

from __future__ import annotations

from pathlib import Path

from piston_iac.engine import ask_engine
from piston_iac.site.load import load_config
from piston_iac.site.schema import Site

PROJECT_DIR = Path(__file__).resolve().parents[2]


def open_site(name: str, project: Path = PROJECT_DIR) -> Site:
    """The site of that stack, secrets included.

    Args:
        name: the stack.
        project: the directory of Pulumi.yaml.
    Raises:
        SetupError: the engine is missing or could not read or decrypt the stack.
        SiteFaults: the configuration is not a valid site.
    """
    words = ("config", "--show-secrets", "--json")
    return load_config(name, ask_engine(words, name, project, "read its configuration"))

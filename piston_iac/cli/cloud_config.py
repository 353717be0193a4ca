"""`piston cloud-config SITE`: the files with which OpenStack's own clients find the cloud and log in.

For the administrator alone: users get accounts of their own, and take clouds.yaml from the dashboard.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from piston_iac.boot_node.store import write_atomically
from piston_iac.cli.chosen_site import add_site_argument, chosen_site, misuse
from piston_iac.cli.open_site import open_site
from piston_iac.errors import SetupError
from piston_iac.plan.cloud.clouds_yaml import CA_FILE, CLOUDS_YAML, HEAD, cloud_ca, clouds_yaml
from piston_iac.site.schema import Site

_LAB, _LAB_DIR = "PISTON_LAB", "PISTON_LAB_DIR"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `cloud-config` to the command line."""
    text = "write clouds.yaml, for OpenStack's own clients (it holds the administrator's password)"
    parser = subparsers.add_parser("cloud-config", help=text, description=text)
    add_site_argument(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write it (default: the lab's directory, in a lab)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write them; say how they are used."""
    try:
        name = chosen_site(options.site)
        directory = options.out or _lab_directory()
    except SetupError as error:
        return misuse(error)
    path = write_cloud_config(open_site(name), directory.expanduser().absolute())
    print(f"OS_CLIENT_CONFIG_FILE={path} openstack --os-cloud {name} server list")
    return 0


def write_cloud_config(site: Site, directory: Path) -> Path:
    """Write clouds.yaml, which its owner alone can read, and the authority beside it.

    Returns:
        The path of clouds.yaml.
    Raises:
        SetupError: the site has no cloud, or such a file of somebody's own is there.
    """
    device = f"site {site.name}"
    if site.control_plane is None:
        raise SetupError(device, "write its clouds.yaml", "it has no control plane", "Name another site.")
    path, authority = directory / CLOUDS_YAML, directory / CA_FILE
    if path.exists() and not path.read_text(encoding="utf-8").startswith(HEAD):
        cause = f"{path} is there, and is not ours"
        raise SetupError(device, "write its clouds.yaml", cause, "Name another directory by --out.")
    directory.mkdir(parents=True, exist_ok=True)
    write_atomically(authority, cloud_ca(site).encode(), 0o644)
    write_atomically(path, clouds_yaml(site, str(authority)).encode(), 0o600)
    return path


def _lab_directory() -> Path:
    """Where the lab's things are: `bin/openstack` reads them there.

    Raises:
        SetupError: the environment names no lab.
    """
    if not os.environ.get(_LAB) or not os.environ.get(_LAB_DIR):
        remedy = "Name a directory: --out ~/.config/openstack"
        raise SetupError("clouds.yaml", "find its place", "this is no lab", remedy)
    return Path(os.environ[_LAB_DIR])

"""Write the CloudKey's settings directory: all that makes a machine this site's boot node.

Everything follows from the stack file and its seed, so the same site gives the same files. They hold
private keys: the directory and the keys are for their owner alone.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from piston_iac.boot_node.cloudkey_files import (
    BOOT_NODE_JSON,
    BOOTD_KEY,
    BOOTD_PEM,
    CA_PEM,
    NODE_CA_KEY,
    NODE_CA_PEM,
)
from piston_iac.boot_node.store import write_atomically
from piston_iac.errors import SetupError
from piston_iac.site.schema import Site
from piston_iac.trust.authority import bootd_identity, node_authority, site_authority

_PRIVATE, _PUBLIC = 0o600, 0o644


def settings_files(site: Site) -> dict[str, tuple[str, int]]:
    """Content and mode of each file, by name."""
    address, seed = str(site.boot_node.address), site.seed
    boot_node = {
        "site": site.name,
        "address": address,
        "mac": site.boot_node.mac,
        "cidr": str(site.networks.management.cidr),
        "mtu": site.networks.management.mtu,
    }
    bootd, nodes = bootd_identity(seed, site.name, address), node_authority(seed, site.name)
    return {
        BOOT_NODE_JSON: (json.dumps(boot_node, indent=1) + "\n", _PUBLIC),
        CA_PEM: (site_authority(seed, site.name).certificate_pem, _PUBLIC),
        BOOTD_PEM: (bootd.certificate_pem, _PUBLIC),
        BOOTD_KEY: (bootd.key_pem.get_secret_value(), _PRIVATE),
        NODE_CA_PEM: (nodes.certificate_pem, _PUBLIC),
        NODE_CA_KEY: (nodes.key_pem().get_secret_value(), _PRIVATE),
    }


def write_settings(out: Path, site: Site, release_dir: Path | None = None) -> None:
    """Write the settings, and the files of a release where one is given.

    Args:
        out: the directory; made when missing.
        site: the site with its secrets.
        release_dir: a built release; its name is the site's release.
    Raises:
        SetupError: `release_dir` has no files.
    """
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o700)
    for name, (content, mode) in settings_files(site).items():
        write_atomically(out / name, content.encode(), mode)
    if release_dir is not None:
        _add_release(out / "releases" / site.release, release_dir)


def _add_release(target: Path, release_dir: Path) -> None:
    files = [path for path in release_dir.iterdir() if path.is_file()] if release_dir.is_dir() else []
    if not files:
        raise SetupError(
            "CloudKey", "add the release", f"{release_dir} holds no files", "Run `piston image build`."
        )
    target.mkdir(parents=True, exist_ok=True)
    for path in files:
        _copy_when_different(path, target / path.name)


def _copy_when_different(source: Path, target: Path) -> None:
    """Copy with its time stamp. Never a link: whoever alters the CloudKey must not alter the source."""
    wanted = source.stat()
    found = target.stat() if target.exists() else None
    if found and (found.st_size, found.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns):
        return
    aside = target.with_name(f".{target.name}")
    shutil.copy2(source, aside)
    aside.replace(target)

"""The place for images on the local mirror, and how much it may take: a btrfs subvolume with a quota.

Simple quotas: they count a subvolume's own extents and cost next to nothing. What images take beyond the
limit is refused by the kernel, whoever writes. Source: btrfs-quota(8), btrfs-qgroup(8). Sizes in bytes.
"""

from __future__ import annotations

import json
from pathlib import Path

from piston_iac.node_agent.tools import ToolFailed, run

_DIRECTORY = "images"


def see_limit(mount: str) -> int:
    """What images may take; 0 where nothing limits them, or where they have no place yet."""
    if not (Path(mount) / _DIRECTORY).is_dir():
        return 0
    try:
        return parse_limit(run("btrfs", "--format", "json", "qgroup", "show", "-rF", "--raw", _path(mount)))
    except ToolFailed:
        # Quotas are off: nothing limits them.
        return 0


def parse_limit(shown: str) -> int:
    """The limit of the one group that is shown; 0 for none. Pure."""
    groups = json.loads(shown)["qgroup-show"]
    limit = groups[0]["max_referenced"] if groups else "none"
    return limit if isinstance(limit, int) else 0


def limit_images(mount: str, limit_bytes: int) -> None:
    """Make the place for images where it is missing, and limit it.

    Raises:
        ToolFailed: btrfs refuses.
    """
    if not (Path(mount) / _DIRECTORY).exists():
        run("btrfs", "subvolume", "create", _path(mount))
    # It shows nothing while quotas are off.
    if not run("btrfs", "qgroup", "show", mount, check=False):
        run("btrfs", "quota", "enable", "--simple", mount)
    run("btrfs", "qgroup", "limit", str(limit_bytes), _path(mount))


def _path(mount: str) -> str:
    return str(Path(mount) / _DIRECTORY)

"""Our layer of the image: files, unit links, masks and Python code, written into an empty directory.

The layer is laid over the base with overlayfs. All times are set to one constant, so that the same
recipe on the same base gives the same bytes.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from piston_iac.micro_os.recipe import Recipe

_NO_CONTAINER = "[Unit]\nConditionVirtualization=!container\n"
_DIRECTORIES = ("persist", "var/log", "var/lib/chrony")
_EPOCH_S = 1_767_225_600


def write_layer(recipe: Recipe, layer: Path) -> None:
    """Write everything of ours into `layer`, which is empty."""
    for name in _DIRECTORIES:
        (layer / name).mkdir(parents=True, exist_ok=True)
    for file in recipe.files:
        target = layer / file.target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.source, target)
        target.chmod(0o755 if file.executable() else 0o644)
    system = layer / "etc/systemd/system"
    for unit in recipe.masks:
        _link(system / unit, "/dev/null")
    for unit, wanted_by in recipe.units:
        _link(system / f"{wanted_by}.wants" / unit, f"/usr/lib/systemd/system/{unit}")
    for unit in recipe.host_units:
        drop_in = system / f"{unit}.d" / "piston.conf"
        drop_in.parent.mkdir(parents=True, exist_ok=True)
        drop_in.write_text(_NO_CONTAINER)
    _link(system / "default.target", "/usr/lib/systemd/system/multi-user.target")


def freeze_times(layer: Path) -> None:
    """Give every file and directory of the layer the same times."""
    for path in (layer, *layer.rglob("*")):
        os.utime(path, (_EPOCH_S, _EPOCH_S), follow_symlinks=False)


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)

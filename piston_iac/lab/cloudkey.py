"""Puts a USB stick into the boot node: the content of a directory, under the name that the firmware knows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.lab.settings import Lab


def insert_stick(lab: Lab, source: Path) -> None:
    """Replace what is on the stick. Large files are hard-linked where that can be done.

    Raises:
        SetupError: the directory does not hold a CloudKey's settings.
    """
    if not (source / "bootnode.json").is_file():
        raise SetupError(
            "boot node",
            "insert the USB stick",
            f"{source} holds no bootnode.json",
            "Write it with `piston cloudkey settings`",
        )
    # The directory itself stays: a boot node that runs has it mounted.
    lab.cloudkey.mkdir(mode=0o700, exist_ok=True)
    for path in lab.cloudkey.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    shutil.copytree(source, lab.cloudkey, dirs_exist_ok=True, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    try:
        if Path(source).suffix != ".squashfs":
            raise OSError("only images are worth a link")
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)

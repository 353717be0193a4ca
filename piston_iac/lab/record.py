"""What `up` built, written down: for later commands, and for the shell scripts."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.lab.cgroups import rack_unit
from piston_iac.lab.rack import Rack
from piston_iac.lab.settings import Lab


def shell_settings(lab: Lab) -> str:
    """Assignments for chassis.sh and machine.sh."""
    values = {
        "RACK_UNIT": rack_unit(lab.prefix).path,
        "RACK_PREFIX": lab.prefix,
        "RACK_PYTHON": sys.executable,
        "RACK_PROJECT": Path(__file__).parents[2],
        "RACK_SCRIPTS": Path(__file__).parent,
    }
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())


def write_record(lab: Lab, rack: Rack) -> None:
    """Write it down; from now on there is a rack. The attendant looks whenever the record is replaced."""
    _replace(lab.shell_settings, shell_settings(lab))
    _replace(lab.record, json.dumps({"nodes": rack.size, "prefix": lab.prefix}))


def _replace(file: Path, text: str) -> None:
    """Never half-written: in a rack that grows, scripts and commands read these files all the time."""
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(text)
    draft.replace(file)


def read_record(lab: Lab) -> Rack:
    """The rack that is up.

    Raises:
        SetupError: there is none, or it was made with another prefix.
    """
    try:
        raw = json.loads(lab.record.read_text())
    except FileNotFoundError:
        raise SetupError(
            "virtual rack", "find it", f"there is none in {lab.directory}", "Run `piston lab up` first"
        ) from None
    if raw["prefix"] != lab.prefix:
        raise SetupError(
            "virtual rack",
            "use it",
            f"it was made with the prefix {raw['prefix']!r}, not {lab.prefix!r}",
            f"Set PISTON_LAB_PREFIX={raw['prefix']}",
        )
    return Rack(int(raw["nodes"]))

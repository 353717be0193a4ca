"""Which schemas it has, as data: what is told to the program that makes it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.services.catalogue import with_schema
from piston_iac.plan.services.galera import FORMAT

PROGRAM = Path(__file__).with_name("files") / "make.py"


def order() -> dict[str, Any]:
    """{"format": server settings, "services": [...]}; a service: {"conf", "sections": {section: database},
    "databases", "commands"}.
    """
    services = [
        {
            "conf": layout.database_conf(it.name),
            "sections": layout.database_sections(it.name),
            "databases": list(it.databases),
            "commands": [list(command) for command in it.schema],
        }
        for it in with_schema()
    ]
    return {"format": FORMAT, "services": services}


def digest() -> str:
    """SHA-256 of what it is made from beside Debian's packages, hexadecimal."""
    return hashlib.sha256(json.dumps(order()).encode() + PROGRAM.read_bytes()).hexdigest()

"""What runs did to devices, one line each, kept on the operator's machine: for `piston why` and for people.

A file of JSON lines, `PISTON_TIMELINE`; without that setting nothing is kept. It holds no secret.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from piston_iac.dynamic_providers import runtime

_log = logging.getLogger(__name__)
SETTING = "PISTON_TIMELINE"


def doing(device: str, what: str) -> None:
    """Say what is about to be done, as the running operation's status, and keep it."""
    runtime.info_status(f"{device}: {what}")
    setting = os.environ.get(SETTING)
    if not setting:
        return
    line = json.dumps({"at": datetime.now(UTC).isoformat(), "device": device, "what": what})
    try:
        with Path(setting).open("a") as file:
            file.write(line + "\n")
    except OSError as error:
        # A full disk of the operator's must not keep a rack from being repaired.
        _log.warning("cannot write %s: %s", setting, error)

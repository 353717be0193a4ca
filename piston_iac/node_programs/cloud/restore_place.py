"""A restore that is under way, as this node knows it: files beside the data, so a reboot forgets nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_programs.program import Fault
from piston_iac.restore_order import Order, Target, parse_order, parse_target

ORDER = Path(layout.RESTORE_ORDER)
STAGE = Path(layout.RESTORE_STAGE)
STAGED_DATA = STAGE / "data"
DONE = STAGE / "done.json"
PROGRESS = Path("/run/piston-restore-progress")


def order() -> Order | None:
    """The restore that keeps this node's database stopped; None when there is none.

    Raises:
        Fault: its file cannot be read.
    """
    try:
        return parse_order(json.loads(ORDER.read_text()))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(f"{ORDER} does not fit this image ({type(error).__name__})") from None


def keep_order(wanted: Order) -> None:
    """Note it.

    Raises:
        Fault: another restore is under way here.
    """
    found = order()
    if found and found != wanted:
        raise Fault(f"another restore is under way here, to {found.at} from {found.chain}")
    write_atomically(ORDER, json.dumps(asdict(wanted)).encode(), 0o644)


def staged() -> Target | None:
    """What lies ready beside the data; None when nothing does."""
    try:
        return parse_target(json.loads(DONE.read_text()))
    except (OSError, KeyError, TypeError, ValueError):
        return None


def progress(text: str) -> None:
    """Say what is being done, for the look."""
    write_atomically(PROGRESS, text.encode(), 0o644)

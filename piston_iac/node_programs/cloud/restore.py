"""Brings the database back: `python3 -m piston_iac.node_programs.cloud.restore VERB`. Each may be run again.

`list`, in: {}. Out: {"chains": [{"id", "host", "start", "until", "full_bytes", "log_bytes", "stored_bytes",
"room_bytes"}]}. Times are seconds since 1970, UTC.
`look`, in: {}. Out: {"order": the restore that is under way here or null, "staged": {"chain", "at"} or null,
"progress", "usable", "size": members that this one sees, "running": its server, "installed": whether the data
in use is that of the order, "cluster": id of the data's history when it is usable, "free_bytes"}.
`stage`, in: {"chain", "at"}. Makes it ready beside the data. Out: {}.
`park`, in: the order {"chain", "at", "host", "stamp"}. Stops the database here, and keeps it stopped. Out:
{"position": `<id>:<number>` of its last write, empty for no data}.
`install`, in: the order and "position", where the cluster begins. Puts the data aside and what is ready in
its place, and starts. Out: {"aside": where the data is}.
`release`, in: the order. The database may run here again: on another host than the first it is fetched from
there. Out: {"aside"}.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_agent import units
from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_programs.ceph_osd import Units
from piston_iac.node_programs.cloud import galera
from piston_iac.node_programs.cloud import restore_place as place
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.cloud.backup_store import open_store
from piston_iac.node_programs.cloud.restore_look import RESTORED, installed, list_, look, server_runs
from piston_iac.node_programs.cloud.restore_stage import clear, stage
from piston_iac.node_programs.mon_store import check_mirror
from piston_iac.node_programs.program import Answer, Fault, Request, alone, converse, leave
from piston_iac.node_programs.reach import reachable
from piston_iac.restore_order import Order, parse_order, parse_target

_ROOT, _DATA = Path(layout.GALERA_ROOT), Path(layout.GALERA_DATA)
_LOCK = Path("/run/piston-restore.lock")
_BEFORE = "before-"
_STAGE_S = 3000.0
_POSITION = re.compile(r"[0-9a-f-]{36}:\d+")


@dataclass(frozen=True)
class Install:
    """`order`, and where the cluster begins: above all that any member ever had."""

    order: Order
    position: str


def parse_install(raw: Request) -> Install:
    """Read the operator's request. KeyError, TypeError, ValueError: it does not fit."""
    position = str(raw["position"])
    if not _POSITION.fullmatch(position):
        raise ValueError("not a position")
    return Install(parse_order(raw), position)


def park(order: Order, units_: Units) -> Answer:
    """Stop the database here until the order is done.

    Raises:
        Fault: another restore is under way, or the server does not stop. ToolFailed: systemd refused.
    """
    check_mirror()
    with alone(_LOCK):
        place.keep_order(order)
        if installed() == order.stamp:
            return {"position": ""}
        # In this order: from here on the agent takes the database for absent, the program that would fetch
        # it refuses, and so does the one that starts the server.
        Path(layout.GALERA_READY).unlink(missing_ok=True)
        for unit in (layout.BACKUP_UNIT, layout.GALERA_UNIT):
            units_.stop(unit)
        if server_runs():
            raise Fault("the database's server still runs after it was stopped")
        return {"position": galera.position_of_data()}


def install(request: Install, units_: Units) -> Answer:
    """Take what is ready into use, and begin the cluster with it.

    Raises:
        Fault: it is not parked, nothing is ready, or another member runs. ToolFailed: systemd refused.
    """
    order = request.order
    with alone(_LOCK):
        if place.order() != order:
            raise Fault("this restore is not under way here")
        others = [address for address in read_access().peers.values() if _answers(address)]
        if others and not galera.is_ready():
            raise Fault(f"the database still runs at {', '.join(others)}")
        aside = _aside(order)
        if installed() != order.stamp:
            if place.staged() != order.target:
                raise Fault("what is to be restored does not lie ready here")
            if server_runs():
                raise Fault("the database's server runs")
            galera.prepare_begin(place.STAGED_DATA, request.position)
            (place.STAGED_DATA / RESTORED).write_text(order.stamp)
            _put_aside(aside)
            place.STAGED_DATA.rename(_DATA)
        clear()
        galera.mark_ready()
        units_.start(layout.GALERA_UNIT)
    return {"aside": str(aside)}


def release(order: Order, units_: Units) -> Answer:
    """The order is done here.

    Raises:
        Fault: another restore is under way here.
    """
    with alone(_LOCK):
        aside = _aside(order)
        found = place.order()
        if found is None:
            return {"aside": str(aside)}
        if found != order:
            raise Fault("another restore is under way here")
        if installed() != order.stamp:
            _put_aside(aside)
            clear()
        kept = max((it.name for it in _ROOT.glob(f"{_BEFORE}*")), default="")
        for older in _ROOT.glob(f"{_BEFORE}*"):
            if older.name != kept:
                shutil.rmtree(older)
        place.ORDER.unlink()
        place.PROGRESS.unlink(missing_ok=True)
        if galera.is_ready():
            units_.start(layout.BACKUP_UNIT)
    return {"aside": str(aside)}


def _aside(order: Order) -> Path:
    return _ROOT / f"{_BEFORE}{order.stamp}"


def _put_aside(aside: Path) -> None:
    """Move the data out of the way: never remove it."""
    if _DATA.exists() and not (aside / _DATA.name).exists():
        aside.mkdir(mode=0o750, exist_ok=True)
        _DATA.rename(aside / _DATA.name)


def _answers(address: str) -> bool:
    return bool(reachable([(address, layout.GALERA_PORT)]))


def _start(unit: str) -> None:
    units.start(unit)


def _stop(unit: str) -> None:
    run("systemctl", "stop", unit, limit_s=120.0)


def _stage(raw: Request) -> Answer:
    target = parse_target(raw)
    # One that was begun before goes on when its caller is gone: then there is nothing left to do here.
    with alone(_LOCK, _STAGE_S), open_store() as store:
        try:
            stage(store, target)
        except (Fault, ToolFailed):
            # What is half made is of no use, and takes room.
            clear()
            raise
    return {}


def main(arguments: list[str], units_: Units) -> int:
    """Returns the exit status."""
    verbs: dict[str, Callable[[], int]] = {
        "list": lambda: converse(dict, lambda _: list_()),
        "look": lambda: converse(dict, lambda _: look()),
        "stage": lambda: converse(dict, _stage),
        "park": lambda: converse(parse_order, lambda it: park(it, units_)),
        "install": lambda: converse(parse_install, lambda it: install(it, units_)),
        "release": lambda: converse(parse_order, lambda it: release(it, units_)),
    }
    if len(arguments) != 1 or arguments[0] not in verbs:
        print(f"usage: restore {'|'.join(verbs)}", file=sys.stderr)
        return 2
    return verbs[arguments[0]]()


if __name__ == "__main__":
    leave(main(sys.argv[1:], Units(_start, _stop)))

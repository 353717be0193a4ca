"""Runs one program inside a test machine, with daemons as plain processes in the place of systemd's units.

python3 driven.py MODULE VERB...    the program, as the agent or systemd would run it
python3 driven.py start|stop UNIT   what systemctl would do
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

UNITS = Path("/run/units")
REDEEMED = Path("/run/redeemed")
GOOD_PERMIT = "good"
OWNER = ("--setuser", "ceph", "--setgroup", "ceph")


def start(unit: str) -> None:
    """Start the daemon of a unit; nothing when it runs."""
    if running(unit):
        return
    kind, _, instance = unit.removesuffix(".service").partition("@")
    if kind == "piston-osd":
        template = ("--template=piston-osd@.service", unit)
        said = subprocess.run(["systemd-escape", "--unescape", *template], capture_output=True, check=True)
        serial = said.stdout.decode().strip()
        command = ["python3", "-m", "piston_iac.node_programs.ceph_osd", "prime", serial]
        subprocess.run(command, check=True)
        number = Path(f"/run/piston-osd/{serial}.env").read_text().strip().removeprefix("OSD_ID=")
        kind, instance = "ceph-osd", number
    with (UNITS / f"{unit}.log").open("ab") as log:
        process = subprocess.Popen(
            [kind, "-f", "--id", instance, *OWNER],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (UNITS / unit).write_text(str(process.pid))


def stop(unit: str) -> None:
    """End the daemon of a unit, and wait until it has."""
    if running(unit):
        os.kill(pid(unit), signal.SIGTERM)
        while running(unit):
            time.sleep(0.05)


def pid(unit: str) -> int:
    return int((UNITS / unit).read_text())


def running(unit: str) -> bool:
    with suppress(OSError, ValueError):
        state = Path(f"/proc/{pid(unit)}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def redeem(token: object) -> None:
    """The boot node's part: one token counts, each time it is used is noted."""
    from piston_iac.node_programs.program import Fault

    with REDEEMED.open("a") as noted:
        noted.write("used\n")
    if token.get_secret_value() != GOOD_PERMIT:  # type: ignore[attr-defined]
        raise Fault("the permit to make a cluster does not count: it was used")


def run(module: str, arguments: list[str]) -> int:
    program = import_module(f"piston_iac.node_programs.{module}")
    if module == "ceph_mon":
        return int(program.main(arguments, program.Surroundings(start, stop, redeem)))
    if module == "ceph_osd":
        return int(program.main(arguments, program.Units(start, stop)))
    return int(program.main(arguments))


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[0] in ("start", "stop"):
        {"start": start, "stop": stop}[words[0]](words[1])
        os._exit(0)
    status = run(words[0], words[1:])
    sys.stdout.flush()
    os._exit(status)

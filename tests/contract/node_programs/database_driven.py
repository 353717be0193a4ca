"""Runs one program of the control plane inside a test machine, with servers as plain processes.

python3 database_driven.py MODULE VERB...   the program, as the agent or systemd would run it
python3 database_driven.py start|stop UNIT  what systemctl would do
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, "/run")
import driven  # type: ignore[import-not-found]

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.ceph_osd import Units

AS_MYSQL = ("setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups")


def command(unit: str) -> list[str]:
    module = ["python3", "-m", "piston_iac.node_programs.cloud"]
    if unit == layout.GALERA_UNIT:
        Path(layout.GALERA_SOCKET).parent.mkdir(exist_ok=True)
        return [*module[:2], f"{module[2]}.galera_start"]
    if unit == layout.GALERA_CHECK_UNIT:
        own = json.loads(Path(layout.ACCESS).read_text())["own"]
        return [*AS_MYSQL, *module[:2], f"{module[2]}.galera_check", own]
    place = Path(layout.BACKUP_RUN)
    place.mkdir(exist_ok=True)
    place.chmod(0o777)
    return [*AS_MYSQL, *module[:2], f"{module[2]}.backup", "run"]


def start(unit: str) -> None:
    if driven.running(unit):
        return
    with (driven.UNITS / f"{unit}.log").open("ab") as log:
        process = subprocess.Popen(
            command(unit), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    (driven.UNITS / unit).write_text(str(process.pid))


def stop(unit: str) -> None:
    driven.stop(unit)


def main(words: list[str]) -> int:
    if words[0] in ("start", "stop"):
        {"start": start, "stop": stop}[words[0]](words[1])
        return 0
    program = import_module(f"piston_iac.node_programs.cloud.{words[0]}")
    if words[0] == "restore":
        return int(program.main(words[1:], Units(start, stop)))
    return int(program.main(words[1:]))


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)

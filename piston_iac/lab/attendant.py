"""The rack's attendant: one process that carries the serial lines and watches the BMCs' files.

Runs as `python -m piston_iac.lab.attendant` with the rack named by the environment.
"""

from __future__ import annotations

from selectors import DefaultSelector

from piston_iac.lab.bmc_log import BmcLog
from piston_iac.lab.bmcs import serial_link, state_dir
from piston_iac.lab.rack import BOOT, Rack
from piston_iac.lab.record import read_record
from piston_iac.lab.serial_lines import SerialLine
from piston_iac.lab.settings import Lab, from_environment


def register_all(lab: Lab, rack: Rack, selector: DefaultSelector) -> None:
    """Open every line and every watch of the rack."""
    for node in rack.nodes:
        home, bmc = lab.home(node.name), lab.home(node.bmc_place)
        SerialLine(home / "console", serial_link(lab, node), home / "console.log").register(selector)
        BmcLog(state_dir(lab, node), bmc / "writes.log").register(selector)
    home = lab.home(BOOT)
    SerialLine(home / "console", None, home / "console.log").register(selector)


def serve(lab: Lab) -> None:
    """Carry on until killed."""
    selector = DefaultSelector()
    register_all(lab, read_record(lab), selector)
    (lab.directory / "attendant.ready").touch()
    while True:
        for key, _ in selector.select():
            key.data()


if __name__ == "__main__":
    serve(from_environment())

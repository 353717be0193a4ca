"""The rack's attendant: one process that carries the serial lines and watches the BMCs' files.

It goes on with what it carries when the rack grows: the record of the rack tells it of new nodes.
Runs as `python -m piston_iac.lab.attendant` with the rack named by the environment.
"""

from __future__ import annotations

from selectors import EVENT_READ, BaseSelector, DefaultSelector

from piston_iac.lab.bmc_log import BmcLog
from piston_iac.lab.bmcs import serial_link, state_dir
from piston_iac.lab.inotify import Watch
from piston_iac.lab.rack import BOOT, Node
from piston_iac.lab.record import read_record
from piston_iac.lab.serial_lines import SerialLine
from piston_iac.lab.settings import Lab, from_environment


class Attendant:
    """Carries the lines of one rack, of whatever size it is or becomes."""

    def __init__(self, lab: Lab, selector: BaseSelector) -> None:
        self._lab = lab
        self._selector = selector
        self._carried: set[str] = set()
        home = lab.home(BOOT)
        SerialLine(home / "console", None, home / "console.log").register(selector)
        self._watch = Watch(lab.directory)
        selector.register(self._watch.descriptor, EVENT_READ, self._something_was_replaced)
        self._take_up_nodes()

    def _something_was_replaced(self) -> None:
        if any(file == self._lab.record.name for _, file in self._watch.events()):
            self._take_up_nodes()

    def _take_up_nodes(self) -> None:
        """Open the lines of all nodes of the rack that are not carried yet."""
        for node in read_record(self._lab).nodes:
            if node.name not in self._carried:
                self._take_up(node)
                self._carried.add(node.name)

    def _take_up(self, node: Node) -> None:
        lab = self._lab
        home, bmc = lab.home(node.name), lab.home(node.bmc_place)
        BmcLog(state_dir(lab, node), bmc / "writes.log").register(self._selector)
        SerialLine(home / "console", serial_link(lab, node), home / "console.log").register(self._selector)


def serve(lab: Lab) -> None:
    """Carry on until killed."""
    selector = DefaultSelector()
    Attendant(lab, selector)
    (lab.directory / "attendant.ready").touch()
    while True:
        for key, _ in selector.select():
            key.data()


if __name__ == "__main__":
    serve(from_environment())

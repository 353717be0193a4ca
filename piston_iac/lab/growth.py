"""A rack that is up gets another node: bolted in, cabled, powered off. All else keeps running."""

from __future__ import annotations

import shutil

from piston_iac.deadline import Deadline
from piston_iac.errors import SetupError, TimedOut
from piston_iac.lab.bmcs import bmc_unit, prepare_bmc, serial_link, start_bmc, wait_for_bmc
from piston_iac.lab.disks import fill_slots
from piston_iac.lab.loops import detach_below
from piston_iac.lab.network import plug_in, remove_places
from piston_iac.lab.power import machine_unit, prepare_machine
from piston_iac.lab.rack import MAX_NODES, Node, Rack
from piston_iac.lab.record import read_record, write_record
from piston_iac.lab.settings import Lab
from piston_iac.lab.switches import add_ports
from piston_iac.lab.updown import is_whole

_LINE_S = 10.0


def add_node(lab: Lab) -> Node:
    """Add the node with the next number, in factory state.

    Raises:
        SetupError: no whole rack is up, or it is full.
        TimedOut: its serial line or its BMC does not come to life; the node is in the rack then.
    """
    rack = read_record(lab)
    if not is_whole(lab):
        raise SetupError("virtual rack", "add a node", "a part of it does not run", "Run `piston lab up`")
    if rack.size >= MAX_NODES:
        raise SetupError(
            "virtual rack", "add a node", f"it is full: {MAX_NODES} nodes", "Use those there are"
        )
    grown = Rack(rack.size + 1)
    node = grown.nodes[-1]
    _clear_place(lab, node)
    _bolt_in(lab, node)
    write_record(lab, grown)
    _wait_for_line(lab, node)
    start_bmc(lab, node)
    wait_for_bmc(lab, node)
    return node


def _clear_place(lab: Lab, node: Node) -> None:
    """Remove what an attempt left that was stopped half-way."""
    for unit in (machine_unit(lab, node.name), bmc_unit(lab, node)):
        unit.remove()
    remove_places(lab, (node.name, node.bmc_place))
    for place in (node.name, node.bmc_place):
        detach_below(lab.home(place))
        shutil.rmtree(lab.home(place), ignore_errors=True)


def _bolt_in(lab: Lab, node: Node) -> None:
    lab.home(node.name).mkdir()
    prepare_machine(lab, node.name)
    prepare_bmc(lab, node)
    fill_slots(lab, node)
    plug_in(lab, (node.name, node.bmc_place), node.cards)
    add_ports(lab, node.cards)


def _wait_for_line(lab: Lab, node: Node) -> None:
    """The attendant sees the new record and opens the serial line; the BMC needs its end of it."""
    deadline = Deadline.after(_LINE_S)
    while not serial_link(lab, node).is_symlink():
        if deadline.over():
            raise TimedOut(
                node.name,
                "plug in its serial line",
                f"the attendant has not done it after {_LINE_S:.0f} s",
                f"Read {lab.directory / 'attendant.log'}; `piston lab down` and `up` start afresh",
            )
        deadline.pause(0.02)

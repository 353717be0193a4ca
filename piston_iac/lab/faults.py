"""The lab's hands: cables, disks, BMC quirks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from piston_iac.errors import SetupError
from piston_iac.lab.bmcs import bmc_unit, kill_bmc, reset_to_factory, start_bmc, wait_for_bmc
from piston_iac.lab.disks import Attached, insert, is_filled, pull, renew
from piston_iac.lab.network import set_port
from piston_iac.lab.power import running
from piston_iac.lab.rack import Card, Node, Rack
from piston_iac.lab.run import run
from piston_iac.lab.settings import Lab
from piston_iac.lab.switches import PROJECT

CABLES = ("boot", "data", "bmc")


def cable_of(rack: Rack, machine: str, which: str) -> Card:
    """The card whose cable is meant.

    Raises:
        SetupError: the machine has no such cable.
    """
    port = machine if machine == which else f"{machine}-{which}"
    for card in rack.cards:
        if card.port == port:
            return card
    raise SetupError(
        machine, f"find its {which} cable", "there is none", "Cables are boot, data and bmc of a node"
    )


def cut(lab: Lab, rack: Rack, machine: str, which: str) -> None:
    """Pull a cable out of its switch port."""
    set_port(lab, cable_of(rack, machine, which), up=False)


def plug(lab: Lab, rack: Rack, machine: str, which: str) -> None:
    """Put a cable back."""
    set_port(lab, cable_of(rack, machine, which), up=True)


def pull_disk(lab: Lab, node: Node, slot: int) -> None:
    """Pull a disk out, hot: it vanishes, and what has it open sees I/O errors."""
    _hotplug(lab, node, ["remove", pull(lab, node, slot)])


def swap_disk(lab: Lab, node: Node, slot: int, serial: str) -> Attached:
    """Put a blank disk into a slot, hot, in place of the one that may still be there.

    Args:
        serial: what it says of itself; empty for the serial that the slot had from the factory.
    """
    if is_filled(lab, node, slot):
        pull_disk(lab, node, slot)
    disk = insert(lab, node, slot, serial)
    fields = (disk.slot, disk.serial, disk.device, disk.major, disk.minor)
    _hotplug(lab, node, ["add", *(str(field) for field in fields)])
    return disk


def wipe_disks(lab: Lab, node: Node, slots: Sequence[int]) -> tuple[str, ...]:
    """Put blank disks with the same serials into a node that is off.

    Args:
        slots: which; empty for all slots that have a disk.
    Returns:
        The serials of the new disks.
    Raises:
        SetupError: the node is on, or a named slot has no disk.
    """
    if running(lab, node.name).state != "off":
        raise SetupError(
            node.name, "wipe its disks", "it is on", f"`piston lab power {node.name} off --hard` first"
        )
    filled = [disk.slot for disk in node.disks if is_filled(lab, node, disk.slot)]
    return tuple(renew(lab, node, slot) for slot in slots or filled)


def _hotplug(lab: Lab, node: Node, event: list[str]) -> None:
    """Tell the running system, as udev would; one that is off sees it at boot."""
    now = running(lab, node.name)
    if now.state == "system":
        program = ["env", f"PYTHONPATH={PROJECT}", sys.executable, "-m", "piston_iac.lab.hotplug"]
        run([*program, str(now.init), *event])


@dataclass(frozen=True)
class Quirk:
    """A fault of a BMC: `drop` with its share of lost frames, `dead`, `reset-factory` or `none`."""

    kind: str
    share: float = 0.0


def parse_quirk(text: str) -> Quirk:
    """Read `drop=0.3`, `dead`, `reset-factory` or `none`.

    Raises:
        ValueError: it is none of these.
    """
    kind, _, value = text.partition("=")
    if kind == "drop" and 0.0 <= float(value or "nan") <= 1.0:
        return Quirk(kind, float(value))
    if text in ("dead", "reset-factory", "none"):
        return Quirk(text)
    raise ValueError(f"unknown quirk {text!r}: choose drop=SHARE (0 to 1), dead, reset-factory or none")


def set_quirk(lab: Lab, rack: Rack, node: Node, quirk: Quirk) -> None:
    """Give a BMC a fault; `none` takes `drop` and `dead` away again."""
    if quirk.kind == "drop":
        _set_loss(lab, rack, node, quirk.share)
    elif quirk.kind == "dead":
        kill_bmc(lab, node)
    elif quirk.kind == "reset-factory":
        reset_to_factory(lab, node)
        wait_for_bmc(lab, node)
    else:
        _set_loss(lab, rack, node, 0.0)
        if not bmc_unit(lab, node).alive():
            start_bmc(lab, node)
            wait_for_bmc(lab, node)


def _set_loss(lab: Lab, rack: Rack, node: Node, share: float) -> None:
    """Requests are lost at the BMC's end of the cable, answers at the switch's end."""
    card = cable_of(rack, node.name, "bmc")
    for place, interface in ((card.place, card.name), (card.switch, card.port)):
        program = ["env", f"PYTHONPATH={PROJECT}", sys.executable, "-m", "piston_iac.lab.lossy", interface]
        run(["nsenter", f"--net={lab.netns_path(place)}", *program, str(share)])

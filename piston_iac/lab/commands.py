"""The commands of `piston lab`: parse, call, print."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.lab import faults, growth, observe, power, updown
from piston_iac.lab.blackout import black_out
from piston_iac.lab.cloudkey import insert_stick
from piston_iac.lab.rack import BOOT, DEFAULT_NODES, SWITCHES, Node, Rack
from piston_iac.lab.record import read_record
from piston_iac.lab.serial_lines import last_lines
from piston_iac.lab.settings import Lab, from_environment
from piston_iac.lab.switches import database_command

Action = Callable[[argparse.Namespace, Lab], None]


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add every command of the lab to a parser; each sets `run`, which returns the exit status."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, action: Action, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=lambda options: _run(action, options))
        return command

    up = add("up", _up, "bring the rack up, everything powered off")
    up.add_argument("--nodes", type=int, help=f"how many nodes a new rack has (default {DEFAULT_NODES})")
    add("add-node", _add_node, "bolt one more node into the rack, powered off; prints its name")
    add("down", _down, "remove the rack; nothing is left behind")
    _add_json(add("status", _status, "what the rack looks like from outside"))
    _add_json(add("writes", _writes, "how many writes each device counted"))
    switch_power = add("power", _power, "press a machine's power button")
    switch_power.add_argument("machine", metavar="MACHINE", help="n1, n2, ... or boot")
    switch_power.add_argument("button", choices=("on", "off"))
    switch_power.add_argument("--hard", action="store_true", help="off: at once, without asking the system")
    dark = add(
        "blackout", _blackout, "machines lose power at the same moment, and what had not reached a disk"
    )
    dark.add_argument("nodes", metavar="NODE", nargs="*", help="default: all nodes")
    boot = "the boot node too; its data directory is no disk: nothing written there is lost"
    dark.add_argument("--boot", action="store_true", help=boot)
    for name, action, text in (("cut", _cut, "pull a cable"), ("plug", _plug, "put a cable back")):
        cable = add(name, action, text)
        cable.add_argument("machine", metavar="MACHINE")
        cable.add_argument("cable", choices=faults.CABLES)
    disk = add("pull-disk", _pull_disk, "pull a disk out of a node, hot")
    swap = add("swap-disk", _swap_disk, "put a blank disk into a slot, hot")
    for command in (disk, swap):
        command.add_argument("node", metavar="NODE")
        command.add_argument("slot", type=int, help="1 to 4: local disks, 5: OSD disk")
    swap.add_argument("--serial", default="", help="serial of the new disk (default: as the old one)")
    wipe = add("wipe-disks", _wipe_disks, "put blank disks with the same serials into a node that is off")
    wipe.add_argument("node", metavar="NODE")
    wipe.add_argument("--slots", type=_slots, default=(), help="as 1,2 (default: every slot with a disk)")
    bmc = add("bmc", _bmc, "give a BMC a fault, or take it away")
    bmc.add_argument("node", metavar="NODE")
    bmc.add_argument("--quirk", required=True, type=_quirk, help="drop=SHARE, dead, reset-factory or none")
    console = add("console", _console, "what a machine printed last; with a command: enter it from outside")
    console.add_argument("machine", metavar="MACHINE")
    console.add_argument("--lines", type=int, default=40)
    _add_command(console, required=False)
    switch = add("switch", _switch, "run a command against a switch's own database")
    switch.add_argument("switch", choices=SWITCHES)
    _add_command(switch, required=True)
    execute = add("exec", _exec, "run a command in the network namespace of a device")
    execute.add_argument("place", metavar="PLACE", help="operator, core, boot, data, mgmt, n1, bmc1, ...")
    _add_command(execute, required=True)
    stick = add("cloudkey", _cloudkey, "put a USB stick into the boot node")
    stick.add_argument("directory", type=Path, metavar="DIRECTORY")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_command(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("command", nargs="+" if required else "*", metavar="-- COMMAND", help="what to run")


def _quirk(text: str) -> faults.Quirk:
    try:
        return faults.parse_quirk(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _slots(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of slots: write 1,2") from error


def _run(action: Action, options: argparse.Namespace) -> int:
    action(options, from_environment())
    return 0


def _become(command: Sequence[str]) -> None:
    """Replace this process, so that the command has our terminal and its status is ours."""
    os.execvp(command[0], [*command])  # noqa: S606 - the operator asked for this command


def _machine(rack: Rack, name: str) -> str:
    if name not in rack.machines:
        raise SetupError(
            name, "find it", "the rack has no such machine", f"Machines: {', '.join(rack.machines)}"
        )
    return name


def _node(rack: Rack, name: str) -> Node:
    if node := rack.node(name):
        return node
    raise SetupError(name, "find it", "the rack has no such node", f"Nodes: n1 to n{rack.size}")


def _up(options: argparse.Namespace, lab: Lab) -> None:
    there = read_record(lab).size if lab.record.exists() else DEFAULT_NODES
    size = options.nodes or there
    new = updown.up(lab, size)
    print(f"rack with {size} nodes is up{', everything powered off' if new else ' already'}: {lab.directory}")


def _add_node(_options: argparse.Namespace, lab: Lab) -> None:
    print(growth.add_node(lab).name)


def _down(_options: argparse.Namespace, lab: Lab) -> None:
    updown.down(lab)
    if left := updown.leftovers(lab):
        raise SetupError("virtual rack", "remove all of it", f"left: {', '.join(left)}", "Try again")
    print("rack is down; nothing is left")


def _status(options: argparse.Namespace, lab: Lab) -> None:
    state = observe.observe(lab, read_record(lab))
    if options.json:
        print(json.dumps(asdict(state), indent=2))
        return
    for switch, alive in state.switches.items():
        print(f"switch {switch:5} {'running' if alive else 'DEAD'}")
    for it in state.machines:
        print(f"{it.name:12} {it.state:9} boot={it.boot_device} bmc={it.bmc} disks={len(it.disks)}")
    if state.cut:
        print(f"cables pulled: {', '.join(state.cut)}")


def _writes(options: argparse.Namespace, lab: Lab) -> None:
    writes = observe.count_writes(lab, read_record(lab))
    if options.json:
        print(json.dumps(asdict(writes), indent=2))
        return
    for kind, counts in (("switch", writes.switches), ("BMC of", writes.bmcs), ("node", writes.nodes)):
        for name, count in counts.items():
            print(f"{kind} {name}: {'off' if count is None else count}")
    print(f"boot node: {'no journal' if writes.boot_node is None else writes.boot_node}")


def _power(options: argparse.Namespace, lab: Lab) -> None:
    machine = _machine(read_record(lab), options.machine)
    if options.button == "on":
        power.power_on(lab, machine)
    else:
        power.power_off(lab, machine, hard=options.hard)


def _blackout(options: argparse.Namespace, lab: Lab) -> None:
    rack = read_record(lab)
    named = [_node(rack, name).name for name in options.nodes] or [node.name for node in rack.nodes]
    done = black_out(lab, [*named, *([BOOT] if options.boot else [])])
    print(f"lost power: {', '.join(done.machines) or 'none, all were off'}")
    print(
        f"stopped after {done.frozen_s * 1000:.0f} ms, {done.disks} disks cut at {done.cut_s * 1000:.0f} ms"
    )
    print(f"ready to be switched on after {done.whole_s:.1f} s")


def _wipe_disks(options: argparse.Namespace, lab: Lab) -> None:
    node = _node(read_record(lab), options.node)
    print(f"blank: {', '.join(faults.wipe_disks(lab, node, options.slots))}")


def _cut(options: argparse.Namespace, lab: Lab) -> None:
    faults.cut(lab, read_record(lab), options.machine, options.cable)


def _plug(options: argparse.Namespace, lab: Lab) -> None:
    faults.plug(lab, read_record(lab), options.machine, options.cable)


def _pull_disk(options: argparse.Namespace, lab: Lab) -> None:
    faults.pull_disk(lab, _node(read_record(lab), options.node), options.slot)


def _swap_disk(options: argparse.Namespace, lab: Lab) -> None:
    disk = faults.swap_disk(lab, _node(read_record(lab), options.node), options.slot, options.serial)
    print(f"slot {disk.slot}: {disk.serial} at {disk.device}")


def _bmc(options: argparse.Namespace, lab: Lab) -> None:
    rack = read_record(lab)
    faults.set_quirk(lab, rack, _node(rack, options.node), options.quirk)


def _console(options: argparse.Namespace, lab: Lab) -> None:
    machine = _machine(read_record(lab), options.machine)
    if options.command:
        _become([*power.enter_command(lab, machine), *options.command])
    print("\n".join(last_lines(lab.home(machine) / "console.log", options.lines)))


def _switch(options: argparse.Namespace, lab: Lab) -> None:
    read_record(lab)
    _become(database_command(lab, options.switch, options.command))


def _exec(options: argparse.Namespace, lab: Lab) -> None:
    places = read_record(lab).places
    if options.place not in places:
        raise SetupError(
            options.place, "find it", "the rack has no such place", f"Places: {', '.join(places)}"
        )
    _become(["nsenter", f"--net={lab.netns_path(options.place)}", *options.command])


def _cloudkey(options: argparse.Namespace, lab: Lab) -> None:
    read_record(lab)
    insert_stick(lab, options.directory)

"""Namespaces and cables: every device is a network namespace, every cable a veth pair.

The switch's end of a cable has the port's name, the device's end the card's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from piston_iac.lab.rack import CORE_LOOPBACK, CORE_ROUTES, SWITCH_MTU, Card, Rack
from piston_iac.lab.run import CommandFailed, run
from piston_iac.lab.settings import NETNS_DIR, Lab

# The management switch's own interface is made by Open vSwitch, see switches.py.
_ROUTERS = ("core", "data")


def cable_commands(lab: Lab, card: Card) -> list[str]:
    """Commands of `ip -batch` that put a card into its place and plug its cable. Pure."""
    device, switch = lab.netns(card.place), lab.netns(card.switch)
    return [
        f"link add name {card.name} netns {device} address {card.mac} type veth "
        f"peer name {card.port} netns {switch} mtu {SWITCH_MTU}"
    ]


def place_commands(card: Card) -> list[str]:
    """Commands inside the card's own place: the address it has from the factory. Pure."""
    if not card.address:
        return []
    return [f"addr add {card.address} dev {card.name}", f"link set {card.name} up"]


def make_network(lab: Lab, rack: Rack) -> None:
    """Make all namespaces and cables. The switches' ends are up, as on a powered switch."""
    plug_in(lab, rack.places, rack.cards)
    _batch(
        [f"addr add {CORE_LOOPBACK} dev lo", *(f"route add {to} via {via}" for to, via in CORE_ROUTES)],
        lab.netns("core"),
    )
    for place in _ROUTERS:
        write_sysctl(lab, place, "net/ipv4/ip_forward", "1")
    _separate_management(lab)


def plug_in(lab: Lab, places: Sequence[str], cards: Sequence[Card]) -> None:
    """Make new places and plug their cards into switches, new ones or those that already run."""
    _batch([f"netns add {lab.netns(place)}" for place in places])
    _batch([line for card in cards for line in cable_commands(lab, card)])
    lines = {place: ["link set lo up"] for place in places}
    for card in cards:
        lines.setdefault(card.place, []).extend(place_commands(card))
        lines.setdefault(card.switch, []).append(f"link set {card.port} up")
    for place, commands in lines.items():
        _batch(commands, lab.netns(place))
    for card in cards:
        checksums_in_software(lab, card.place, card.name)
        checksums_in_software(lab, card.switch, card.port)


def checksums_in_software(lab: Lab, place: str, interface: str) -> None:
    """Make the kernel finish every packet itself before it enters the cable.

    A veth card promises to fill in checksums later, and a switch in user space reads the packet before
    that: TCP behind it would get packets with wrong checksums and drop them all.
    """
    run(["nsenter", f"--net={lab.netns_path(place)}", "ethtool", "-K", interface, "tx", "off"])


def write_sysctl(lab: Lab, place: str, key: str, value: str) -> None:
    """Write one network setting of a namespace."""
    run(
        ["nsenter", f"--net={lab.netns_path(place)}", "sh", "-c", f'echo "$1" > /proc/sys/{key}', "sh", value]
    )


def set_port(lab: Lab, card: Card, *, up: bool) -> None:
    """Pull a cable out of its switch, or put it back. The device sees its link go."""
    run(["ip", "-n", lab.netns(card.switch), "link", "set", card.port, "up" if up else "down"])


def ports_down(lab: Lab, rack: Rack) -> tuple[str, ...]:
    """Ports that are set down on their switch: the pulled cables."""
    found: list[str] = []
    for switch in ("data", "mgmt"):
        names = {card.port for card in rack.ports(switch)}
        links = json.loads(run(["ip", "-n", lab.netns(switch), "-j", "link"]))
        found += [it["ifname"] for it in links if it["ifname"] in names and "UP" not in it["flags"]]
    return tuple(found)


def namespaces(lab: Lab) -> tuple[str, ...]:
    """All namespaces on this machine that can only be this rack's, of whatever size it was."""
    if not NETNS_DIR.is_dir():
        return ()
    ours = re.compile(re.escape(lab.prefix) + r"-(core|data|mgmt|boot|operator|n\d+|bmc\d+)(-reset)?")
    return tuple(sorted(path.name for path in NETNS_DIR.iterdir() if ours.fullmatch(path.name)))


def remove_network(lab: Lab) -> None:
    """Remove the rack's namespaces, and the cables with them."""
    for name in namespaces(lab):
        _remove_namespace(name)


def remove_places(lab: Lab, places: Sequence[str]) -> None:
    """Remove some of the rack's namespaces, if they are there, and the cables with them."""
    for name in {lab.netns(place) for place in places} & set(namespaces(lab)):
        _remove_namespace(name)


def _remove_namespace(name: str) -> None:
    try:
        run(["ip", "netns", "del", name])
    except CommandFailed:
        # The file of a namespace that another mount namespace holds has nothing behind it any more.
        (NETNS_DIR / name).unlink(missing_ok=True)


def _separate_management(lab: Lab) -> None:
    """Keep the data switch from routing between its own management port and the cluster's networks.

    Real switches put that port into a VRF of its own; this does the same with a routing table: only
    the switch's own answers use the management network.
    """
    card = next(it for it in Rack(0).cards if it.place == "data")
    write_sysctl(lab, "data", f"net/ipv4/conf/{card.name}/forwarding", "0")
    address, network = card.address.split("/")[0], "10.30.10.0/24"
    _batch(
        [
            f"route add {network} dev {card.name} src {address} table 10",
            f"route del {network} dev {card.name}",
            f"rule add from {address} lookup 10",
        ],
        lab.netns("data"),
    )


def _batch(lines: Iterable[str], netns: str = "") -> None:
    if text := "\n".join(lines):
        run(["ip", *(["-n", netns] if netns else []), "-batch", "-"], stdin=f"{text}\n")

"""The boot card's address on the management network: found, asked for by DHCP, or known from the boot script.

The firmware and the initrd normally leave the card configured. Where they do not, the same lease is asked
for again: leases are reservations without an end, so once is enough and the address is the same. A node
that booted from its own copy because the boot node is gone gets none: it takes the address that its boot
arguments name, which is the reservation as it was at the last boot over the network.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.network import SeenLink, parse_links
from piston_iac.node_agent.tools import ToolFailed, run

_log = logging.getLogger("piston-agent")

# Takes the address and its length, and no more: this network has no gateway.
_TAKE_LEASE = "/usr/lib/piston/take-lease"
# How often and how long to ask, seconds: short where silence is no misfortune.
_PATIENT = ("-t", "5", "-T", "2")
_SHORT = ("-t", "3", "-T", "1")
_POLL_S = 0.5


def boot_card(mac: str, links: tuple[SeenLink, ...]) -> SeenLink | None:
    """The card with that MAC address. Pure."""
    return next((link for link in links if link.mac == mac), None)


def management_address(card: SeenLink | None) -> str:
    """The card's IPv4 address without its length; empty while it has none. Pure."""
    return card.addresses[0].split("/")[0] if card and card.addresses else ""


def wait_for_address(mac: str, given: str, journal: Journal, sleep: Callable[[float], None]) -> str:
    """The management address. Waits for good: without it nobody could reach this node anyway.

    Args:
        mac: the boot card's.
        given: the address of the boot arguments, CIDR, for when nobody answers DHCP; empty for none.
    """
    while True:
        card = boot_card(mac, parse_links(json.loads(run("ip", "-j", "addr") or "[]")))
        address = management_address(card)
        if address:
            return address
        if card and _ask(card.name, _SHORT if given else _PATIENT):
            journal.add("take the management address from DHCP")
        elif card and given and _take(card.name, given):
            journal.add("take the management address of the boot arguments: nobody answers DHCP")
        else:
            _log.warning("the boot card %s has no address yet", mac)
            sleep(_POLL_S)


def _ask(card: str, patience: tuple[str, ...]) -> bool:
    """Ask once by DHCP, some seconds long; True when a lease was given."""
    try:
        run("ip", "link", "set", card, "up")
        run("udhcpc", "-i", card, "-s", _TAKE_LEASE, "-O", "mtu", "-n", "-q", "-f", *patience)
    except ToolFailed as error:
        _log.warning("no lease on %s: %s", card, error)
        return False
    return True


def _take(card: str, address: str) -> bool:
    """Put the address on the card, unless another machine answers for it. Source: RFC 5227, probing."""
    try:
        run("busybox", "arping", "-D", "-q", "-c", "2", "-w", "2", "-I", card, address.split("/")[0])
        run("ip", "addr", "replace", address, "dev", card)
    except ToolFailed as error:
        _log.warning("%s not taken, it is in use or %s is without carrier: %s", address, card, error)
        return False
    return True

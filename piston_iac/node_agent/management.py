"""The boot card's address on the management network: found, or asked for by DHCP.

The firmware and the initrd normally leave the card configured. Where they do not, the same lease is asked
for again: leases are reservations without an end, so once is enough and the address is the same.
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
_POLL_S = 0.5


def boot_card(mac: str, links: tuple[SeenLink, ...]) -> SeenLink | None:
    """The card with that MAC address. Pure."""
    return next((link for link in links if link.mac == mac), None)


def management_address(card: SeenLink | None) -> str:
    """The card's IPv4 address without its length; empty while it has none. Pure."""
    return card.addresses[0].split("/")[0] if card and card.addresses else ""


def wait_for_address(mac: str, journal: Journal, sleep: Callable[[float], None]) -> str:
    """The management address. Waits for good: without it nobody could reach this node anyway."""
    while True:
        card = boot_card(mac, parse_links(json.loads(run("ip", "-j", "addr") or "[]")))
        address = management_address(card)
        if address:
            return address
        if card and _ask(card.name):
            journal.add("take the management address from DHCP")
        else:
            _log.warning("the boot card %s has no address yet", mac)
            sleep(_POLL_S)


def _ask(card: str) -> bool:
    """Ask once by DHCP, a few seconds long; True when a lease was given."""
    try:
        run("ip", "link", "set", card, "up")
        run("udhcpc", "-i", card, "-s", _TAKE_LEASE, "-n", "-q", "-f", "-t", "5", "-T", "2")
    except ToolFailed as error:
        _log.warning("no lease on %s: %s", card, error)
        return False
    return True

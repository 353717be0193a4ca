"""Draws one node: name, disks, addresses, and the three sockets its cables go to."""

from __future__ import annotations

from collections.abc import Sequence

from piston_iac.diagram.drawing import Drawing, fit
from piston_iac.diagram.layout import CARD_HEIGHT, CARD_WIDTH, Card
from piston_iac.diagram.style import EDGE, FAINT, LOCAL_DISK, MONO, NETWORK, OSD_DISK, SWITCH, WHITE
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, Site

_PAD = 14.0
_SOCKET_WIDTH, _SOCKET_HEIGHT = 46.0, 18.0
_DISK_WIDTH, _DISK_HEIGHT, _DISK_GAP = 9.0, 13.0, 4.0
_DISKS_X = 46.0


def draw_card(drawing: Drawing, site: Site, card: Card) -> None:
    """One node in its place."""
    node = site.nodes[card.node]
    group = drawing.group("node", card.node)
    group.box((card.x, card.y), (CARD_WIDTH, CARD_HEIGHT), WHITE, stroke=EDGE, radius=8, weight=1.5)
    left, right = card.x + _PAD, card.x + CARD_WIDTH - _PAD
    group.text((left, card.y + 35), fit(card.node, right - left, size=17), size=17, bold=True)
    about = fit(f"number {node.number}, {node.failure_domain}", right - left)
    group.text((left, card.y + 52), about, fill=FAINT)
    _disks(group, (left, card.y + 63), "local", node.disks.local, LOCAL_DISK)
    _disks(group, (left, card.y + 83), "OSD", node.disks.osd, OSD_DISK)
    management = node_address(site, card.node, NetworkName.MANAGEMENT)
    for y, name, address in ((118, "boot", management), (135, "BMC", node.bmc.address)):
        group.text((left, card.y + y), name, fill=FAINT)
        group.text((right, card.y + y), str(address), font=MONO, anchor="end")
    _socket(group, card.data_x, card.y, "data", SWITCH, node.data.mac)
    for x, name, mac in ((card.boot_x, "boot", node.boot.mac), (card.bmc_x, "BMC", node.bmc.mac)):
        _socket(group, x, card.y + CARD_HEIGHT, name, NETWORK[NetworkName.MANAGEMENT], mac)


def _disks(drawing: Drawing, at: tuple[float, float], kind: str, serials: Sequence[str], colour: str) -> None:
    """A row of disks, drawn thinner when there are many, each with its serial as tip."""
    x, y = at
    drawing.text((x, y + _DISK_HEIGHT - 2), kind, fill=FAINT)
    count = len(serials)
    room = CARD_WIDTH - 2 * _PAD - _DISKS_X - 24  # the count stands at the right
    pitch = min(_DISK_WIDTH + _DISK_GAP, room / count) if count else 0
    width = pitch * _DISK_WIDTH / (_DISK_WIDTH + _DISK_GAP)
    for index, serial in enumerate(serials):
        disk = drawing.group("disk", f"{kind} disk {serial}")
        disk.box((x + _DISKS_X + index * pitch, y), (width, _DISK_HEIGHT), colour, radius=width / 6)
    drawing.text((x + CARD_WIDTH - 2 * _PAD, y + _DISK_HEIGHT - 2), str(count), fill=FAINT, anchor="end")


def _socket(drawing: Drawing, x: float, y: float, name: str, colour: str, mac: str) -> None:
    """A card's socket, astride the edge of the node at (x, y)."""
    group = drawing.group("socket", f"{name} {mac}")
    corner = (x - _SOCKET_WIDTH / 2, y - _SOCKET_HEIGHT / 2)
    group.box(corner, (_SOCKET_WIDTH, _SOCKET_HEIGHT), colour, radius=4)
    group.text((x, y + 4), name, size=11, fill=WHITE, bold=True, anchor="middle")

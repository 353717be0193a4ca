"""Draws switches, cable trays and every cable between them, coloured by network."""

from __future__ import annotations

from collections.abc import Iterator

from piston_iac.diagram.drawing import Drawing, fit
from piston_iac.diagram.layout import (
    CABLE,
    CARD_HEIGHT,
    CARD_WIDTH,
    DATA_TRAY,
    MANAGEMENT_TRAY,
    SWITCH_HEIGHT,
    Card,
    Layout,
    Row,
)
from piston_iac.diagram.style import FAINT, FAINT_ON_SWITCH, MONO, NETWORK, ON_SWITCH, SWITCH, TRAY
from piston_iac.site.addresses import ovsdb_host
from piston_iac.site.schema import DATA_NETWORKS, NetworkName, Site

_STRAND = 2.5
_PITCH = 4.0
_LABEL_SIZE = 11.0
_LABEL_WIDTH = 62.0  # ten letters: `Ethernet48`, and clear of the next cable


def draw_switches(drawing: Drawing, site: Site, layout: Layout) -> None:
    """Both switches as bars over the whole width."""
    switches = site.switches
    first, *more = switches.data.routes or (None,)
    way_out = f"{first.destination} via {first.next_hop}" if first else "no routes"
    if more:
        way_out += f" and {len(more)} more"
    _switch(
        drawing,
        layout,
        layout.data_switch_y,
        (
            "Data switch, L3",
            f"{ovsdb_host(switches.data.address)}",
            f"routes {way_out}" if first else way_out,
        ),
    )
    _switch(
        drawing,
        layout,
        layout.management_switch_y,
        ("Management switch, L2", f"{ovsdb_host(switches.management.address)}", "boot, BMCs, control"),
    )


def _switch(drawing: Drawing, layout: Layout, y: float, words: tuple[str, str, str]) -> None:
    name, address, aside = words
    group = drawing.group("switch")
    group.box((layout.left, y), (layout.right - layout.left, SWITCH_HEIGHT), SWITCH, radius=6)
    baseline = y + SWITCH_HEIGHT / 2 + 5
    group.text((layout.left + 16, baseline), name, size=15, fill=ON_SWITCH, bold=True)
    group.text((layout.left + 204, baseline), address, size=13, fill=FAINT_ON_SWITCH, font=MONO)
    group.text((layout.right - 16, baseline), aside, size=13, fill=FAINT_ON_SWITCH, anchor="end")


def draw_own_port(drawing: Drawing, layout: Layout) -> None:
    """The data switch's own management port, cabled to the management switch."""
    x = layout.own_port_x
    group = drawing.group("cable", "data switch, own management port")
    top, bottom = layout.data_switch_y + SWITCH_HEIGHT, layout.management_switch_y
    group.line([(x, top), (x, bottom)], NETWORK[NetworkName.MANAGEMENT], _STRAND)


def draw_row(drawing: Drawing, site: Site, layout: Layout, row: Row) -> None:
    """The trays of one row, then the cables of its nodes."""
    if row.data_tray:
        _data_tray(drawing, layout, row, row.data_tray)
    if row.management_tray:
        _management_tray(drawing, layout, row, row.management_tray)
    for card in row.cards:
        _node_cables(drawing, site, card)


def _data_tray(drawing: Drawing, layout: Layout, row: Row, way: tuple[float, float]) -> None:
    x, y = way
    top, end = layout.data_switch_y + SWITCH_HEIGHT, row.cards[-1].data_x
    group = drawing.group("tray", f"data cables of {_names(row)}")
    group.line([(x, top), (x, y), (end + DATA_TRAY / 2, y)], TRAY, DATA_TRAY)
    for shift, colour in _strands():
        # The rightmost strand turns first: strands side by side never cross.
        group.line([(x + shift, top), (x + shift, y - shift), (end + shift, y - shift)], colour, _STRAND)
    for card in row.cards:
        for shift, colour in _strands():
            tap = card.data_x + shift
            group.line([(tap, y - shift), (tap, y + DATA_TRAY / 2)], colour, _STRAND)


def _management_tray(drawing: Drawing, layout: Layout, row: Row, way: tuple[float, float]) -> None:
    x, y = way
    start, bottom = row.cards[0].boot_x, layout.management_switch_y
    colour = NETWORK[NetworkName.MANAGEMENT]
    group = drawing.group("tray", f"boot and BMC cables of {_names(row)}")
    group.line([(start - MANAGEMENT_TRAY / 2, y), (x, y), (x, bottom)], TRAY, MANAGEMENT_TRAY)
    group.line([(start, y), (x, y), (x, bottom)], colour, _STRAND)
    for card in row.cards:
        for tap in (card.boot_x, card.bmc_x):
            group.line([(tap, y - MANAGEMENT_TRAY / 2), (tap, y)], colour, _STRAND)


def _node_cables(drawing: Drawing, site: Site, card: Card) -> None:
    node = site.nodes[card.node]
    group = drawing.group("cable", f"{card.node} data, port {node.data.port}")
    for shift, colour in _strands():
        x = card.data_x + shift
        group.line([(x, card.y - CABLE), (x, card.y)], colour, _STRAND)
    label_x = card.data_x + 12
    _label(group, (label_x, card.y - CABLE / 2 - 4), node.data.port, card.x + CARD_WIDTH - label_x)
    bottom = card.y + CARD_HEIGHT
    for x, part, port in ((card.boot_x, "boot", node.boot.port), (card.bmc_x, "BMC", node.bmc.port)):
        group = drawing.group("cable", f"{card.node} {part}, port {port}")
        group.line([(x, bottom), (x, bottom + CABLE)], NETWORK[NetworkName.MANAGEMENT], _STRAND)
        _label(group, (x + 6, bottom + CABLE / 2 + 12), port, _LABEL_WIDTH)


def draw_drop(drawing: Drawing, layout: Layout, x: float, port: str) -> None:
    """A cable from the management switch down to a machine at its foot; `port` may be unknown: empty."""
    top = layout.management_switch_y + SWITCH_HEIGHT
    group = drawing.group("cable", f"port {port}" if port else "")
    group.line([(x, top), (x, top + CABLE)], NETWORK[NetworkName.MANAGEMENT], _STRAND)
    _label(group, (x + 6, top + CABLE / 2 + 4), port, _LABEL_WIDTH)


def _label(drawing: Drawing, at: tuple[float, float], port: str, width: float) -> None:
    drawing.text(at, fit(port, width, size=_LABEL_SIZE), size=_LABEL_SIZE, fill=FAINT)


def _strands() -> Iterator[tuple[float, str]]:
    """Sideways shift and colour of each network's strand in a data cable."""
    middle = (len(DATA_NETWORKS) - 1) / 2
    for index, name in enumerate(DATA_NETWORKS):
        yield (index - middle) * _PITCH, NETWORK[name]


def _names(row: Row) -> str:
    return ", ".join(card.node for card in row.cards)

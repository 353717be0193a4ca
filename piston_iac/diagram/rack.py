"""Draws the rack of one site: a pure function from the site to the text of an SVG file."""

from __future__ import annotations

from piston_iac.diagram.cables import draw_drop, draw_own_port, draw_row, draw_switches
from piston_iac.diagram.cards import draw_card
from piston_iac.diagram.drawing import Drawing, Picture, fit
from piston_iac.diagram.layout import CORE_HEIGHT, CORE_WIDTH, FOOT_HEIGHT, MARGIN, Layout, lay_out
from piston_iac.diagram.legend import draw_disk_key, draw_legend
from piston_iac.diagram.style import EDGE, FAINT, GROUND, MONO, TRANSIT, WHITE
from piston_iac.site.schema import Site

_MACHINE_WIDTH, _MACHINE_HEIGHT, _MACHINE_GAP = 168.0, 100.0, 16.0


def rack_svg(site: Site) -> str:
    """The rack and its networks as SVG. The same site gives the same text. No secret is in it."""
    layout = lay_out(list(site.nodes))
    title = f"Rack of site {site.name}"
    count = f"{len(site.nodes)} node{'' if len(site.nodes) == 1 else 's'}"
    summary = (
        f"{count}, each cabled to the data switch with its data card and to the management switch with its "
        "boot card and its BMC; the data switch leads to the core network."
    )
    picture = Picture(layout.width, layout.height, title, summary)
    picture.box((0.5, 0.5), (layout.width - 1, layout.height - 1), GROUND, stroke=EDGE, radius=10)
    picture.text((MARGIN, MARGIN + 22), fit(title, 300, size=20), size=20, bold=True)
    picture.text((MARGIN, MARGIN + 42), f"{count}, release {site.release}", size=13, fill=FAINT)
    _core(picture, site, layout)
    draw_own_port(picture, layout)
    for row in layout.rows:
        draw_row(picture, site, layout, row)
    draw_switches(picture, site, layout)
    for row in layout.rows:
        for card in row.cards:
            draw_card(picture, site, card)
    _foot(picture, site, layout)
    return picture.to_text()


def _core(picture: Picture, site: Site, layout: Layout) -> None:
    uplink = site.switches.data.uplink
    middle = layout.width / 2
    bottom = MARGIN + CORE_HEIGHT
    cable = picture.group("cable", f"uplink, port {uplink.port}")
    cable.line([(middle, bottom), (middle, layout.data_switch_y)], TRANSIT, 4)
    half = (layout.data_switch_y + bottom) / 2
    cable.text(
        (middle + 10, half + 4), f"{fit(uplink.port, 100, size=11)}, VLAN {uplink.vid}", size=11, fill=FAINT
    )
    group = picture.group("core")
    group.box(
        (middle - CORE_WIDTH / 2, MARGIN),
        (CORE_WIDTH, CORE_HEIGHT),
        WHITE,
        stroke=TRANSIT,
        radius=24,
        weight=1.5,
    )
    group.text((middle, MARGIN + 21), "Core network", size=15, bold=True, anchor="middle")
    group.text((middle, MARGIN + 38), "the customer's own, the way out", fill=FAINT, anchor="middle")


def _foot(picture: Picture, site: Site, layout: Layout) -> None:
    boot = site.boot_node
    machines = (
        ("Boot node", str(boot.address), ("DHCP, DNS, NTP,", "images, documents"), boot.port),
        ("Operator", "", ("pulumi and piston", "run here"), ""),
    )
    x = layout.left
    draw_disk_key(picture, site, (x + 14, layout.foot_y + _MACHINE_HEIGHT + 32))
    for name, address, about, port in machines:
        draw_drop(picture, layout, x + _MACHINE_WIDTH / 2, port)
        _machine(picture.group("machine", name), (x, layout.foot_y), name, address, about)
        x += _MACHINE_WIDTH + _MACHINE_GAP
    draw_legend(picture, site, (x, layout.foot_y), (layout.right - x, FOOT_HEIGHT))


def _machine(
    group: Drawing, corner: tuple[float, float], name: str, address: str, about: tuple[str, ...]
) -> None:
    x, y = corner
    group.box(corner, (_MACHINE_WIDTH, _MACHINE_HEIGHT), WHITE, stroke=EDGE, radius=8, weight=1.5)
    group.text((x + 14, y + 30), name, size=15, bold=True)
    if address:
        group.text((x + 14, y + 50), address, font=MONO)
    for index, words in enumerate(about):
        group.text((x + 14, y + (70 if address else 52) + index * 16), words, fill=FAINT)

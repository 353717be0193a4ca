"""Draws the legend: five networks and the transit network with VLAN id, CIDR and use; the kinds of disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from piston_iac.diagram.drawing import Drawing
from piston_iac.diagram.style import EDGE, FAINT, LOCAL_DISK, MONO, NETWORK, OSD_DISK, TRANSIT, WHITE
from piston_iac.site.schema import NetworkName, Site

_USE = {
    NetworkName.MANAGEMENT: "boot, BMCs, agents, switches",
    NetworkName.SERVICE: "APIs, dashboard, way out",
    NetworkName.HOST: "storage between nodes",
    NetworkName.CLOUD: "traffic between VMs",
    NetworkName.PUBLIC: "floating IPs",
}
_RAID = {"btrfs-raid10": "RAID1+0 (btrfs)"}
_LINE = 20.0
_SWATCH, _NAME, _VLAN_END, _CIDR, _USE_X = 16.0, 52.0, 196.0, 216.0, 350.0


@dataclass(frozen=True)
class _Line:
    colour: str
    name: str
    vid: str
    cidr: str
    use: str


def draw_legend(drawing: Drawing, site: Site, corner: tuple[float, float], size: tuple[float, float]) -> None:
    """The legend in a box of its own."""
    group = drawing.group("legend")
    group.box(corner, size, WHITE, stroke=EDGE, radius=8)
    x, y = corner[0], corner[1] + 24
    for at, words, anchor in (
        (_NAME, "network", "start"),
        (_VLAN_END, "VLAN", "end"),
        (_CIDR, "CIDR", "start"),
    ):
        group.text((x + at, y), words, size=11, fill=FAINT, anchor=anchor)
    for line in _networks(site):
        y += _LINE
        entry = group.group("network")
        entry.box((x + _SWATCH, y - 7), (24, 5), line.colour, radius=2)
        entry.text((x + _NAME, y), line.name, bold=True)
        entry.text((x + _VLAN_END, y), line.vid, font=MONO, anchor="end")
        entry.text((x + _CIDR, y), line.cidr, font=MONO)
        entry.text((x + _USE_X, y), line.use, fill=FAINT)


def draw_disk_key(drawing: Drawing, site: Site, at: tuple[float, float]) -> None:
    """What the two colours of disks mean, in two lines."""
    x, y = at
    local = f"local disk, {_RAID[site.disk_layout.local_raid]}"
    for colour, words in ((LOCAL_DISK, local), (OSD_DISK, "OSD disk, for Ceph")):
        drawing.box((x, y - 10), (9, 13), colour, radius=1.5)
        drawing.text((x + 18, y), words, fill=FAINT)
        y += _LINE


def _networks(site: Site) -> Iterator[_Line]:
    for name in NetworkName:
        network = site.networks.get(name)
        yield _Line(NETWORK[name], name.value, str(network.vid), str(network.cidr), _USE[name])
    uplink = site.switches.data.uplink
    yield _Line(TRANSIT, "transit", str(uplink.vid), str(uplink.cidr), "to the core network")

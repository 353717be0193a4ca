"""Documents and observations that tests start from."""

from __future__ import annotations

from dataclasses import replace

from piston_iac.node_agent.disks import SeenDisk
from piston_iac.node_agent.network import SeenLink, SeenNetwork, SeenPort
from piston_iac.node_document import File, Interface, LocalMirror, Networking, NodeDocument

LABEL = "piston:lab:n1"
SERIALS = ("d1", "d2", "d3", "d4")
UPLINK = "52:54:00:0b:00:01"
SERVICE = Interface("service", 20, "10.30.20.11/24", 1500)
STORAGE = Interface("host", 30, "10.30.30.11/24", 9000)


def document(**changes: object) -> NodeDocument:
    whole = NodeDocument(
        site="lab",
        node="n1",
        release="2026.11",
        hostname="n1",
        files=(File("/etc/a", "one\n", restart=("a.service",)), File("/etc/b", "two\n", mode="0600")),
        units=("a.service", "b.service"),
        networking=Networking("br-data", UPLINK, (SERVICE, STORAGE), "10.30.20.1"),
        mirror=LocalMirror(LABEL, "btrfs-raid10", SERIALS, "/persist"),
        osd_disks=(),
        image_cache_bytes=0,
        time_servers=(),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def disk(serial: str, marker: str = "blank", *, live: bool = False, filesystem: str = "") -> SeenDisk:
    return SeenDisk(f"/dev/{serial}", serial, 1 << 30, marker, live, filesystem)


def network(**changes: object) -> SeenNetwork:
    """A node whose network is as `document()` wants it."""
    whole = SeenNetwork(
        switch=True,
        datapath="netdev",
        bridges={"br-data": "netdev"},
        ports=(
            SeenPort("br-data", "br-data", "internal", 0, 0),
            SeenPort("eth1", "br-data", "", 0, 9000),
            SeenPort("service", "br-data", "internal", 20, 1500),
            SeenPort("host", "br-data", "internal", 30, 9000),
        ),
        links=(
            SeenLink("br-data", UPLINK, 1500, False, ()),
            SeenLink("eth1", UPLINK, 9000, True, ()),
            SeenLink("service", "aa:00:00:00:00:01", 1500, True, (SERVICE.address,)),
            SeenLink("host", "aa:00:00:00:00:02", 9000, True, (STORAGE.address,)),
        ),
        gateway="10.30.20.1",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]

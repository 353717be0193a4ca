"""The node report: what one node sees of itself, as plain data.

Written by `node_agent`, read by `devices.node_agent`. Standard library only. Sizes in bytes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Disk:
    """A whole disk. `marker` says what it carries:

    `blank`; `mirror:<label>` for a local mirror (ours or another's); `osd:<fsid>/<osd uuid>/<osd id>` for
    an OSD, and `osd:/<osd uuid>/` for one whose making was cut short; `foreign:<what blkid saw>`;
    `unreadable` when it has failed. `live` is true when it is mounted or otherwise in use right now.
    """

    serial: str
    size_bytes: int
    marker: str
    live: bool


@dataclass(frozen=True)
class MirrorState:
    """The local mirror. `state` is `absent`, `healthy` or `degraded`; `disks` are serials in it.

    `missing`: serials that the document names and a degraded mirror lacks.
    """

    state: str
    label: str
    profile: str
    disks: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class InterfaceState:
    """A tagged interface of the data bridge as it is now. `vid` 0: untagged; `address` CIDR or empty."""

    name: str
    vid: int
    address: str
    mtu: int
    up: bool


@dataclass(frozen=True)
class Clock:
    """Time as chrony sees it. `offset_s` is the distance to the servers, seconds."""

    synchronised: bool
    offset_s: float
    servers: tuple[str, ...]


@dataclass(frozen=True)
class NodeReport:
    """What is so on the node now.

    `document` is the digest of the document it applied last, empty before the first. `phase` is
    `waiting` (no document yet), `applying`, `settled` or `failed`; `fault` says why it failed in one
    line. `files` maps the document's paths to SHA-256 of what is there, empty when missing. `units`
    maps the document's units to systemd's active state, `services` its services to `running`, `stopped`
    (the data is here, and a unit is not active) or `absent` (the data is not here). `writes` counts what
    the agent ever changed in this boot; `progress` is the step under way. `seal_key`: the X25519 public
    key, hexadecimal, that documents for this node are sealed to. `uplink` is the data card: `up`,
    `no carrier`, `down` (switched off by its own system) or `missing`; empty before the first document.
    `strangers`: units that are up and come neither from the image nor from the document. `flows`: OpenFlow
    rules of the data bridge beside the one that it starts with. `image_cache_bytes`: what the images on the
    mirror may take, 0 for no limit. `switch_settings`: what the switch holds of the document's external
    ids, empty where it holds none. `stopped`: units that are not active, by service whose data is here.
    `unwell`: services that run and do not work, as they say themselves.
    """

    node: str
    boot_id: str
    hardware_uuid: str
    seal_key: str
    release: str
    image_digest: str
    document: str
    phase: str
    progress: str
    fault: str
    files: dict[str, str]
    units: dict[str, str]
    disks: tuple[Disk, ...]
    mirror: MirrorState
    gateway: str
    interfaces: tuple[InterfaceState, ...]
    clock: Clock
    writes: int
    uplink: str = ""
    services: dict[str, str] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    image_cache_bytes: int = 0
    switch_settings: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unwell: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def from_dict(raw: dict[str, Any]) -> NodeReport:
    """Read a report back.

    Raises:
        ValueError: a field is missing or unknown (an agent of another release).
    """
    try:
        mirror, clock = raw["mirror"], raw["clock"]
        nested = {
            "disks": tuple(Disk(**disk) for disk in raw["disks"]),
            "mirror": MirrorState(
                **{
                    **mirror,
                    "disks": tuple(mirror["disks"]),
                    "missing": tuple(mirror.get("missing", ())),
                }
            ),
            "interfaces": tuple(InterfaceState(**entry) for entry in raw["interfaces"]),
            "clock": Clock(**{**clock, "servers": tuple(clock["servers"])}),
            "strangers": tuple(raw.get("strangers", ())),
            "flows": tuple(raw.get("flows", ())),
            "stopped": {name: tuple(units) for name, units in raw.get("stopped", {}).items()},
            "unwell": tuple(raw.get("unwell", ())),
        }
        return NodeReport(**{**raw, **nested})
    except (KeyError, TypeError) as error:
        raise ValueError(f"the agent's report does not fit this version: {error}") from error

"""The node document: everything one node is told, as plain data.

Written by `plan.documents` on the operator's side, applied by `node_agent` on the node. Both sides
read this one file, so it needs nothing but the standard library. Sizes in bytes, MTU in bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

SCHEMA = 5


@dataclass(frozen=True)
class File:
    """A file the node must hold. `mode` is octal text. A change of it restarts `restart`'s units.

    `owner` is a user of the image, whose group gets the file too.
    """

    path: str
    content: str
    mode: str = "0644"
    restart: tuple[str, ...] = ()
    secret: bool = False
    owner: str = "root"

    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal, as reports and plans show it."""
        return hashlib.sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True)
class Interface:
    """A tagged interface on the data bridge. `address` is CIDR or empty for none.

    `virtual`: addresses, CIDR, that a service of the node moves between nodes: they may be there or not.
    """

    name: str
    vid: int
    address: str
    mtu: int
    virtual: tuple[str, ...] = ()


@dataclass(frozen=True)
class Networking:
    """The data bridge: `uplink_mac` is the card that carries the VLANs. `gateway` may be empty.

    `integration`: a second bridge of the same kind, whose ports and rules are others'; empty for none.
    `external_ids`: what the switch is to hold for others to read, pairs of name and value; whatever else is
    there is left alone.
    """

    bridge: str
    uplink_mac: str
    interfaces: tuple[Interface, ...]
    gateway: str
    integration: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LocalMirror:
    """RAID1+0 over the local disks, named by serial. `wipe`: serials with foreign data to erase.

    `label` says who owns it: `piston:<site>:<node>`; `backend` is btrfs-raid10 or md-raid10.
    """

    label: str
    backend: str
    disks: tuple[str, ...]
    mount: str
    wipe: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """Units that run where their data is, and only there: a document never starts anything from nothing.

    The data is here when `path` exists, or when the disk of serial `disk` carries a marker that begins
    with `marker` (see `node_report.Disk`); one of the two is given. Where it is not, `recover` is tried:
    a command that makes it anew from peers that have it, and ends with 0 when it did. Empty: no attempt.
    `retry_s`: how often it is tried again while the data stays absent, seconds; 0 for once each time that the
    document is applied. `health`: a URL of this node that answers with a status below 400 while the service
    works; a unit that is active has only been started. Empty: nothing to ask.
    """

    name: str
    units: tuple[str, ...]
    path: str = ""
    disk: str = ""
    marker: str = ""
    recover: tuple[str, ...] = ()
    retry_s: float = 0.0
    health: str = ""


@dataclass(frozen=True)
class Program:
    """A command that the operator, and nobody else, may have run through the agent.

    It gets the operator's bytes on its standard input. `writes`: it changes something, so every run of it
    is one line of the journal. `limit_s`: how long it may take, seconds.
    """

    name: str
    command: tuple[str, ...]
    writes: bool
    limit_s: float = 60.0


@dataclass(frozen=True)
class NodeDocument:
    """All of it. `units` are to be active; `osd_disks` are left alone until Ceph claims them.

    `reloadable`: units that take changed files up without a restart, and so without a gap.
    """

    site: str
    node: str
    release: str
    hostname: str
    files: tuple[File, ...]
    units: tuple[str, ...]
    networking: Networking
    mirror: LocalMirror
    osd_disks: tuple[str, ...]
    image_cache_bytes: int
    time_servers: tuple[str, ...]
    services: tuple[Service, ...] = ()
    programs: tuple[Program, ...] = ()
    reloadable: tuple[str, ...] = ()
    schema: int = SCHEMA

    def to_json(self) -> str:
        """Canonical JSON: the same document gives the same bytes."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """SHA-256 of the canonical JSON, hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def from_json(text: str) -> NodeDocument:
    """Read a document back.

    Raises:
        ValueError: another schema, or a field is missing or unknown.
    """
    raw: dict[str, Any] = json.loads(text)
    if not isinstance(raw, dict):
        raise ValueError("node document is no JSON object")
    if raw.get("schema") != SCHEMA:
        raise ValueError(f"node document has schema {raw.get('schema')!r}; this image reads {SCHEMA}")
    try:
        networking: dict[str, Any] = raw.pop("networking")
        interfaces = tuple(
            Interface(**{**entry, "virtual": tuple(entry["virtual"])})
            for entry in networking.pop("interfaces")
        )
        external_ids = tuple((str(name), str(value)) for name, value in networking.pop("external_ids"))
        mirror: dict[str, Any] = raw.pop("mirror")
        lists: dict[str, Any] = {
            name: tuple(raw.pop(name)) for name in ("units", "osd_disks", "time_servers", "reloadable")
        }
        files = tuple(File(**{**entry, "restart": tuple(entry["restart"])}) for entry in raw.pop("files"))
        services = tuple(
            Service(**{**entry, "units": tuple(entry["units"]), "recover": tuple(entry["recover"])})
            for entry in raw.pop("services")
        )
        programs = tuple(
            Program(**{**entry, "command": tuple(entry["command"])}) for entry in raw.pop("programs")
        )
        return NodeDocument(
            networking=Networking(interfaces=interfaces, external_ids=external_ids, **networking),
            mirror=LocalMirror(**{**mirror, "disks": tuple(mirror["disks"]), "wipe": tuple(mirror["wipe"])}),
            files=files,
            services=services,
            programs=programs,
            **lists,
            **raw,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"node document does not fit schema {SCHEMA}: {error}") from error

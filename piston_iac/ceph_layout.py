"""Where Ceph's things are on a node: one place for documents that name them and programs that use them.

Standard library only: read by `plan` on the operator's side and by `node_programs` on nodes.
"""

from __future__ import annotations

from urllib.parse import quote

CLUSTER = "ceph"
CONF = "/etc/ceph/ceph.conf"
MON_PORT = 3300
"""Of the messenger's second version; mons answer nowhere else."""

MON_ROOT = "/persist/ceph/mon"
MON_KEYRING = "/etc/ceph/piston.mon.keyring"
MGR_KEYRING = "/etc/ceph/piston.mgr.keyring"
OSD_KEYS = "/etc/ceph/piston-osd"
"""Holds a key file per OSD disk (`osd_key_file`)."""

CALL_LOOK, CALL_CHANGE, CLI = "ceph-look", "ceph-change", "ceph-cli"
MON_BOOTSTRAP, MON_LEAVE = "ceph-mon-bootstrap", "ceph-mon-leave"
MON_COLLECT, MON_INSTALL = "ceph-mon-collect", "ceph-mon-install"
COLLECTED = "collected.json"
"""Last member of a collected mon store: the numbers of the OSDs whose maps are in it, as a JSON list."""
OSD_MAKE, OSD_RETIRE = "ceph-osd-make", "ceph-osd-retire"
STOP = "ceph-stop"
PERMIT = "ceph-bootstrap"
"""Purpose of the single-use permit that the boot node keeps."""


def mon_data(node: str) -> str:
    """The mon's directory on the local mirror."""
    return f"{MON_ROOT}/{CLUSTER}-{node}"


def mon_ready(node: str) -> str:
    """Exists once the mon's store is whole: a store without it is an attempt that was cut short."""
    return f"{mon_data(node)}.ready"


def mon_unit(node: str) -> str:
    """systemd unit of the mon."""
    return f"ceph-mon@{node}.service"


def mgr_unit(node: str) -> str:
    """systemd unit of the mgr."""
    return f"ceph-mgr@{node}.service"


def osd_unit(serial: str) -> str:
    """systemd unit of the OSD on the disk with that serial, as systemd escapes it."""
    return f"piston-osd@{escape(serial)}.service"


def osd_service(serial: str) -> str:
    """Name of that OSD's service in documents and reports."""
    return f"ceph-osd {serial}"


def osd_key_name(serial: str) -> str:
    """What the key of the OSD on that disk is derived for: its number is not known before it is made."""
    return f"osd/{serial}"


def osd_key_file(serial: str) -> str:
    """Where a node finds that key."""
    return f"{OSD_KEYS}/{quote(serial, safe='')}.key"


def escape(text: str) -> str:
    """systemd's escaping of an instance name. Source: systemd.unit(5), "String escaping"."""
    plain = [
        letter if letter.isascii() and (letter.isalnum() or letter in "_:.") else f"\\x{ord(letter):02x}"
        for letter in text
    ]
    if plain and plain[0] == ".":
        plain[0] = "\\x2e"
    return "".join(plain).replace("\\x2f", "-")

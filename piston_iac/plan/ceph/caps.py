"""What each entity of the cluster may do: no more than its role needs. Source: Ceph's own cap profiles."""

from __future__ import annotations

Caps = dict[str, str]

MON, MGR, ADMIN = "mon.", "mgr", "client.admin"
ADMIN_CAPS: Caps = {"mds": "allow *", "mgr": "allow *", "mon": "allow *", "osd": "allow *"}
MGR_CAPS: Caps = {"mds": "allow *", "mon": "profile mgr", "osd": "allow *"}
OSD_CAPS: Caps = {"mgr": "allow profile osd", "mon": "allow profile osd", "osd": "allow *"}


def caps_text(caps: Caps) -> str:
    """Caps as one line, in the order of daemon names."""
    return "; ".join(f"{daemon} {caps[daemon]}" for daemon in sorted(caps))

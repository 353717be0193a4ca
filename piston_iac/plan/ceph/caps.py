"""What each entity of the cluster may do: no more than its role needs.

Ceph's own profiles allow far more: with the key of a mgr (`profile mgr`) one can read every key, with
that of an OSD (`profile osd`) make pools and set flags (seen with 18.2.7). These lists are what the daemons
were seen to need. Source of the grammar: Ceph's mon/MonCap.cc.
"""

from __future__ import annotations

from piston_iac import cloud_layout as layout

Caps = dict[str, str]

MON, MGR, ADMIN, GLANCE = "mon.", "mgr", "client.admin", "client.glance"
DATABASES = layout.BACKUP_ENTITY
CINDER, CINDER_BACKUP, RGW = "client.cinder", "client.cinder-backup", layout.RGW_ENTITY
NOVA, EVACUATOR = "client.nova", layout.EVACUATOR_ENTITY
ADMIN_CAPS: Caps = {"mds": "allow *", "mgr": "allow *", "mon": "allow *", "osd": "allow *"}
_MGR_MON = (
    "allow service mgr rx",  # to be a mgr at all: its beacons and reports
    *(f"allow service {name} r" for name in ("mon", "osd", "mds", "fs", "pg", "config", "config-key")),
    "allow service log rw",
    # What its modules keep.
    *(f'allow command "config-key {verb}" with key prefix mgr/' for verb in ("set", "rm")),
    *(f'allow command "config {verb}" with name prefix mgr/' for verb in ("set", "rm")),
    # It moves placement groups in small steps toward the number that the pool was given.
    *(f'allow command "osd pool set" with var={name}' for name in ("pg_num_actual", "pgp_num_actual")),
    # Its own pool.
    *(f'allow command "osd pool {verb}" with pool=.mgr' for verb in ("create", "application enable")),
)
MGR_CAPS: Caps = {"mon": ", ".join(_MGR_MON), "osd": "allow rwx pool=.mgr"}

# Services of the cloud that keep their data in pools: each may use its own.
CLIENTS: dict[str, Caps] = {
    GLANCE: {"mon": "profile rbd", "mgr": "profile rbd pool=images", "osd": "profile rbd pool=images"},
    # Maps to find objects by, and the objects of the databases' backups; `x` for their lock.
    DATABASES: {
        "mon": "allow service mon r, allow service osd r",
        "osd": f"allow rwx pool={layout.BACKUP_POOL} namespace={layout.BACKUP_NAMESPACE}",
    },
}
# The same of a cloud with virtual machines. Volumes are opened by the machines too, on every node.
CLOUD_CLIENTS: dict[str, Caps] = {
    CINDER: {
        "mon": "profile rbd",
        "mgr": "profile rbd pool=volumes",
        # A volume that was made of an image goes on reading what it shares with it.
        "osd": "profile rbd pool=volumes, profile rbd-read-only pool=images",
    },
    # Root disks of machines, where the site keeps them in the cluster storage.
    NOVA: {
        "mon": "profile rbd",
        "mgr": "profile rbd pool=vms",
        "osd": "profile rbd pool=vms, profile rbd-read-only pool=images",
    },
    CINDER_BACKUP: {
        "mon": "profile rbd",
        "mgr": "profile rbd pool=backups",
        "osd": "profile rbd pool=backups",
    },
    # Which OSDs are up, and which machines have their root disks in the cluster storage.
    EVACUATOR: {"mon": "allow service mon r, allow service osd r", "osd": "profile rbd-read-only pool=vms"},
    RGW: {"mon": "allow service mon r, allow service osd r", "osd": "allow rwx pool=objects"},
}


def osd_caps(number: int) -> Caps:
    """What one OSD may do. Of the CRUSH map it may change its own place, when it starts."""
    mon = (
        "allow service osd rx",
        "allow service mon r",
        "allow service pg rw",
        "allow service log w",
        f'allow command "osd crush create-or-move" with id={number}',
    )
    return {"mgr": "allow profile osd", "mon": ", ".join(mon), "osd": "allow rwx"}


def caps_text(caps: Caps) -> str:
    """Caps as one line, in the order of daemon names."""
    return "; ".join(f"{daemon} {caps[daemon]}" for daemon in sorted(caps))

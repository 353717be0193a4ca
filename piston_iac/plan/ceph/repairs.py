"""Commands that bring the cluster's own settings to what is wanted: flags, options, caps. Pure."""

from __future__ import annotations

from piston_iac.ceph_layout import osd_key_name
from piston_iac.plan.ceph import layout
from piston_iac.plan.ceph.actions import Command
from piston_iac.plan.ceph.caps import ADMIN, MGR, Caps, caps_text, osd_caps
from piston_iac.plan.ceph.seen import Cluster
from piston_iac.plan.ceph.wanted import WantedCluster, first_entities

MISSING, OTHER_KEY = "missing", "another key"
# Ceph sets these itself on every new cluster.
OWN_FLAGS = frozenset({"sortbitwise", "recovery_deletes", "purged_snapdirs", "pglog_hardlimit"})


def strange_flags(cluster: Cluster) -> list[str]:
    """Flags that somebody set."""
    return sorted(set(cluster.flags) - OWN_FLAGS)


def unclassed(cluster: Cluster) -> dict[int, str]:
    """OSDs in the CRUSH map without a device class, and the class that their disks have."""
    return {
        number: osd.disk_class
        for number, osd in cluster.osds.items()
        if osd.host and osd.disk_class and not osd.device_class
    }


def wrong_auth(wanted: WantedCluster, cluster: Cluster) -> dict[str, str]:
    """Entities of daemons that are not as wanted: what is wrong, by entity."""
    wrong = {}
    names = key_names(wanted, cluster)
    for entity, caps in daemon_caps(wanted, cluster).items():
        seen = cluster.auth.get(entity)
        if seen is None:
            wrong[entity] = MISSING
        elif seen.key != wanted.digests.get(names[entity], seen.key):
            wrong[entity] = OTHER_KEY
        elif seen.caps != caps:
            wrong[entity] = caps_text(seen.caps)
    return wrong


def daemon_caps(wanted: WantedCluster, cluster: Cluster) -> dict[str, Caps]:
    """Caps by entity: administrator, mgrs, services, and every OSD of ours in the map."""
    own = wanted.own_uuids()
    osds = sorted(osd.number for osd in cluster.osds.values() if osd.uuid in own and not osd.destroyed)
    return {
        **first_entities(wanted.mgrs),
        **wanted.clients(),
        **{f"osd.{number}": osd_caps(number) for number in osds},
    }


def key_names(wanted: WantedCluster, cluster: Cluster) -> dict[str, str]:
    """For what name the key of each daemon's entity is derived: OSDs have theirs by disk."""
    names = {
        ADMIN: ADMIN,
        **{name: name for name in wanted.clients()},
        **{f"{MGR}.{node}": f"{MGR}.{node}" for node in wanted.mgrs},
    }
    for serial in wanted.osds:
        osd = cluster.osd_of(layout.osd_uuid(wanted.fsid, serial))
        if osd is not None:
            names[f"osd.{osd.number}"] = osd_key_name(serial)
    return names


def repairs(wanted: WantedCluster, cluster: Cluster) -> tuple[tuple[Command, ...], dict[int, str]]:
    """The commands, and for some of them, by position, the name of the key that goes with it."""
    commands: list[Command] = []
    keys: dict[int, str] = {}
    for flag in strange_flags(cluster):
        commands.append({"prefix": "osd unset", "key": flag})
    for name in cluster.options:
        section, _, option = name.partition("/")
        commands.append({"prefix": "config rm", "who": section, "name": option})
    for number, device_class in unclassed(cluster).items():
        # An OSD may not do this itself: the command could move the data of any other.
        classed = {"prefix": "osd crush set-device-class", "class": device_class, "ids": [str(number)]}
        commands.append(classed)
    all_caps, names = daemon_caps(wanted, cluster), key_names(wanted, cluster)
    for entity, what in wrong_auth(wanted, cluster).items():
        pairs = [text for daemon, cap in sorted(all_caps[entity].items()) for text in (daemon, cap)]
        if what == OTHER_KEY:
            commands.append({"prefix": "auth rm", "entity": entity})
        if what in (MISSING, OTHER_KEY):
            keys[len(commands)] = names[entity]
            commands.append({"prefix": "auth add", "entity": entity, "caps": pairs})
        else:
            commands.append({"prefix": "auth caps", "entity": entity, "caps": pairs})
    return tuple(commands), keys

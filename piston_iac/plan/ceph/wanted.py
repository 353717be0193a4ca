"""The cluster as it is wanted: what the stack file says of it, in the terms of `seen`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from piston_iac import ceph_layout
from piston_iac.plan.ceph import layout
from piston_iac.plan.ceph.caps import ADMIN, ADMIN_CAPS, CLIENTS, CLOUD_CLIENTS, MGR, MGR_CAPS, Caps
from piston_iac.site.rules_ceph import COPIES
from piston_iac.site.schema import PoolName, Site
from piston_iac.trust.cephx import cephx_key, cluster_fsid, key_digest
from piston_iac.trust.secret import Secret

_GIB = 1024**3
_RBD, _RGW = "rbd", "rgw"


@dataclass(frozen=True)
class WantedCluster:
    """The cluster without its pools.

    `mons`: address by node; `mgrs`: nodes; `osds`: node by disk serial; `wipe`: serials that may be erased.
    `kept`: pools and users of others that stay.
    `digests`: of the keys, by the name they are derived for.
    """

    fsid: str
    mons: dict[str, str]
    mgrs: tuple[str, ...]
    osds: dict[str, str]
    wipe: tuple[str, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()

    def clients(self) -> dict[str, Caps]:
        """Caps of the services of the cloud that keep their data here: those that have a key."""
        known = {**CLIENTS, **CLOUD_CLIENTS}
        return {name: caps for name, caps in known.items() if name in self.digests}

    def own_uuids(self) -> frozenset[str]:
        """The uuids of the OSDs that belong on these disks."""
        return frozenset(layout.osd_uuid(self.fsid, serial) for serial in self.osds)


@dataclass(frozen=True)
class WantedPool:
    """One pool. `device_class` empty: any. `quota_bytes` 0: none."""

    name: str
    application: str
    size: int
    min_size: int
    pg_num: int
    rule: str
    spread_over: str
    device_class: str
    quota_bytes: int


def wanted_cluster(site: Site) -> WantedCluster:
    """The cluster of a site."""
    osds = layout.osd_hosts(site)
    return WantedCluster(
        fsid=cluster_fsid(site.seed, site.name),
        mons={node: layout.mon_address(site, node) for node in layout.mon_hosts(site)},
        mgrs=layout.mgr_hosts(site),
        osds=osds,
        digests={name: key_digest(Secret(key)) for name, key in keys(site).items()},
        wipe=tuple(serial for node in site.nodes.values() for serial in node.wipe if serial in osds),
        kept=site.ceph.kept,
    )


def wanted_pool(site: Site, name: PoolName) -> WantedPool:
    """One pool of a site."""
    pool = site.ceph.pools.get(name)
    return WantedPool(
        name=name.value,
        application=_RGW if name is PoolName.OBJECTS else _RBD,
        size=COPIES,
        min_size=layout.MIN_COPIES,
        pg_num=pool.pg_num,
        rule=layout.rule_name(site, pool),
        spread_over=layout.spread_over(site),
        device_class="" if pool.device_class.value == "any" else pool.device_class.value,
        quota_bytes=pool.quota_gib * _GIB,
    )


def keys(site: Site) -> dict[str, str]:
    """Every key that the operator's side needs: of administrator, mgrs, services and OSD disks. Secret."""
    names = [
        ADMIN,
        *(CLIENTS if site.control_plane else ()),
        *(CLOUD_CLIENTS if site.cloud else ()),
        *(f"{MGR}.{node}" for node in layout.mgr_hosts(site)),
    ]
    names += [ceph_layout.osd_key_name(serial) for serial in layout.osd_hosts(site)]
    return {name: cephx_key(site.seed, name).get_secret_value() for name in names}


def first_entities(mgrs: tuple[str, ...]) -> dict[str, Caps]:
    """The entities that a new cluster is born with."""
    return {ADMIN: ADMIN_CAPS, **{f"{MGR}.{node}": MGR_CAPS for node in mgrs}}

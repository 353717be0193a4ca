"""The cluster as it is, as plain data: what the mons say. `devices.ceph_answers` reads it. Sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

UNCOUNTED = -1
"""Objects of a pool that nobody has counted yet."""


@dataclass(frozen=True)
class Osd:
    """One OSD of the OSD map. `host` is its bucket in the CRUSH map, empty when it is in none.

    `fresh`: it has an id and a key and never came up. `device_class` is the CRUSH map's; `disk_class` what
    the OSD found its disk to be, and `size_bytes` how large; 0 of one that never said.
    """

    number: int
    uuid: str
    up: bool
    is_in: bool
    fresh: bool
    destroyed: bool
    host: str
    device_class: str
    disk_class: str = ""
    size_bytes: int = 0


@dataclass(frozen=True)
class Pool:
    """One pool. `quota_bytes` 0: none. `autoscale`: whether Ceph changes `pg_num` by itself.

    `objects`: how many are in it, or `UNCOUNTED`.
    """

    name: str
    size: int
    min_size: int
    pg_num: int
    rule: str
    applications: tuple[str, ...]
    quota_bytes: int
    autoscale: bool
    objects: int = 0


@dataclass(frozen=True)
class Rule:
    """A CRUSH rule in our terms: copies spread over `spread_over`, on disks of `device_class` (empty: any).

    `plain` is false for rules of any other shape.
    """

    name: str
    spread_over: str
    device_class: str
    plain: bool = True


@dataclass(frozen=True)
class Entity:
    """One entity of cephx. `key` is the digest of its key (see `trust.cephx.key_digest`)."""

    key: str
    caps: dict[str, str]


@dataclass(frozen=True)
class Health:
    """The cluster's own verdict: `HEALTH_OK` and so on, and its checks with one line each."""

    status: str
    checks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Capacity:
    """Raw sizes over all OSDs, bytes."""

    total_bytes: int
    used_bytes: int


@dataclass(frozen=True)
class Cluster:
    """All of it. `born`: the stamp of its making; empty while it has none.

    `mons`: address by name; `quorum`: their names.
    `mgrs`: those that answer, the active one first. `options`: `section/option` to value, of the cluster's
    own configuration database. `pgs`: number of placement groups by state. `empty_hosts`: of the CRUSH map.
    `removable`: OSDs that nobody would miss, of those that were asked about.
    """

    fsid: str
    born: str
    mons: dict[str, str]
    quorum: tuple[str, ...]
    mgrs: tuple[str, ...]
    osds: dict[int, Osd]
    flags: tuple[str, ...]
    pools: dict[str, Pool]
    rules: dict[str, Rule]
    options: dict[str, str]
    auth: dict[str, Entity]
    health: Health
    capacity: Capacity
    pgs: dict[str, int]
    empty_hosts: tuple[str, ...] = ()
    removable: frozenset[int] = frozenset()

    def osd_of(self, uuid: str) -> Osd | None:
        """The OSD with that uuid, None when the map has none."""
        return next((osd for osd in self.osds.values() if osd.uuid == uuid and not osd.destroyed), None)

    def settled(self) -> bool:
        """True when every placement group is active and clean."""
        return all("active+clean" in state for state in self.pgs)

"""A site's status as plain data: wanted and seen side by side. `document` writes it as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

UNKNOWN = "unknown"
SILENT = "silent"
"""The phase of a node whose agent gives no answer."""


class Verdict(StrEnum):
    """How a resource is."""

    RIGHT = "right"
    DIFFERS = "differs"
    UNREACHABLE = "unreachable"  # no answer, or none in time
    FAULT = "fault"  # it answers, and refuses us or says that something is wrong
    UNASKED = "unasked"  # its answer is still awaited, or could not be asked for


@dataclass(frozen=True)
class Difference:
    """One field that is not as wanted, as a plan names it: `units.chrony.service`."""

    field: str
    seen: str
    wanted: str


@dataclass(frozen=True)
class Resource:
    """One resource of the stack. `took_s`: seconds.

    `reason`, `remedy` and `blames` (the device that the reason is about) are empty while all is well.
    """

    name: str
    kind: str
    device: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    remedy: str = ""
    blames: str = ""
    took_s: float = 0.0


@dataclass(frozen=True)
class Bmc:
    """A node's BMC. `login`: how our account is (`right`, …), or unknown."""

    device: str
    verdict: Verdict
    login: str
    power: str


@dataclass(frozen=True)
class Node:
    """A node. `power`: `on`, `off` or unknown. `phase`: the agent's, or `silent`.

    `release`, `mirror`, `uplink` are what is seen, unknown while its agent is silent. `units_wrong`: state
    by unit. `osds_up`: of its `osds` disks, those whose OSD is up and in; None when Ceph does not say.
    `wrong`: differences and faults of all that belongs to it, its switch ports too.
    """

    name: str
    power: str
    phase: str
    progress: str
    fault: str
    release: str
    release_wanted: str
    units_wrong: dict[str, str]
    mirror: str
    uplink: str
    osds: int
    osds_up: int | None
    wrong: int


@dataclass(frozen=True)
class Switch:
    """A switch: how many of its VLANs, ports and routes are right."""

    device: str
    verdict: Verdict
    right: int
    total: int


@dataclass(frozen=True)
class BootNode:
    """The boot node. `services`: state by unit, all wanted active. `lease`: who holds the change gate."""

    verdict: Verdict
    services: dict[str, str]
    release: str
    release_wanted: str
    release_complete: bool
    lease: str
    clock: str


@dataclass(frozen=True)
class Ceph:
    """The cluster storage. `health` is Ceph's own word, unknown when no mon answers. Sizes in GiB, raw."""

    verdict: Verdict
    health: str
    checks: dict[str, str]
    mons: int
    mons_in_quorum: int | None
    osds: int
    osds_up: int | None
    osds_in: int | None
    capacity_gib: float | None
    used_gib: float | None
    pools: int
    pools_right: int


@dataclass(frozen=True)
class Cloud:
    """The control plane, on `hosts` nodes, and OVN's databases on `ovn_hosts`. How many of the
    members are as wanted; None when nobody says.

    `address`: who holds the virtual one, `held` for one host. `services` of the cloud, those that are right.
    """

    verdict: Verdict
    hosts: int
    databases: int | None
    queues: int | None
    ovn_hosts: int
    ovn: int | None
    address: str
    services: int
    services_right: int


@dataclass(frozen=True)
class Status:
    """All of a site. `at`: UTC time in ISO 8601. `waiting`: seconds by device that has not answered yet.

    `cloud` is None for a site of storage alone.
    """

    site: str
    at: str
    release: str
    nodes: tuple[Node, ...]
    bmcs: tuple[Bmc, ...]
    switches: tuple[Switch, ...]
    boot_node: BootNode
    ceph: Ceph
    resources: tuple[Resource, ...]
    notes: tuple[str, ...] = ()
    waiting: dict[str, float] = field(default_factory=dict)
    cloud: Cloud | None = None

    @property
    def wrong(self) -> tuple[Resource, ...]:
        """Resources that are not known to be as wanted."""
        return tuple(it for it in self.resources if it.verdict is not Verdict.RIGHT)

    @property
    def as_wanted(self) -> bool:
        """True when everything answered and is right, and Ceph is healthy."""
        return not self.wrong and not self.notes and self.ceph.health == "HEALTH_OK"

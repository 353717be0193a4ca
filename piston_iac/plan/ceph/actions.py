"""What can be done next for the cluster, and what the decision is made from: plain data. `steps` decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from piston_iac.plan.ceph.nodes import Reports
from piston_iac.plan.ceph.seen import Cluster, Osd

Command = dict[str, Any]
_TELL = 3
BORN_KEY = "piston/born"
NEW_STAMP = "(now)"
"""Stands for a stamp that the driver makes: a plan has no clock."""


@dataclass(frozen=True)
class Permit:
    """The permit to make this cluster: for which node, and `issued`, `used` or `finished`."""

    node: str
    state: str


@dataclass(frozen=True)
class Look:
    """One look. `cluster` None: no mon answers. `given_up`: nodes that will not come in this run."""

    reports: Reports
    cluster: Cluster | None
    permit: Permit | None
    given_up: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attempt:
    """What this attempt did. `told`: how often each node was told to apply its document again.

    `born`: when the cluster was made that this resource is bound to; empty before first contact.
    """

    told: Mapping[str, int] = field(default_factory=dict)
    born: str = ""

    def may_tell(self, node: str) -> bool:
        """A mon that joins can miss a quorum that another one is just joining: it is asked again."""
        return self.told.get(node, 0) < _TELL


@dataclass(frozen=True)
class Bootstrap:
    """Have this node make the cluster, by permit. `instead_of`: whose unused permit it takes over."""

    node: str
    instead_of: str = ""


@dataclass(frozen=True)
class FinishPermit:
    """The cluster is there: no permit for it is to be had any more."""


@dataclass(frozen=True)
class Apply:
    """Have these nodes apply their documents again: what is stopped starts, mons without a store join."""

    nodes: tuple[str, ...]
    what: str


@dataclass(frozen=True)
class RenewMon:
    """Have this node give up the store of its mon, which somebody removed from the map: it may not start."""

    node: str


@dataclass(frozen=True)
class Change:
    """Send these commands to the mons. `keys`: for some, by position, which key goes along."""

    what: str
    commands: tuple[Command, ...]
    keys: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MakeOsd:
    """Have the node make OSD `number` on its disk."""

    node: str
    serial: str
    number: int
    uuid: str
    erase: bool


@dataclass(frozen=True)
class Retire:
    """Have its node stop this OSD and clear its disk: its data is elsewhere. Then it leaves the map."""

    osd: Osd


@dataclass(frozen=True)
class Wait:
    """Nothing to do but wait for this. `optional`: if it does not come, that is said and the run goes on."""

    what: str
    optional: bool = False


@dataclass(frozen=True)
class Done:
    """The cluster is as wanted, as far as the nodes that are there go. `notes` say what is not."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fail:
    """It cannot go on without the operator."""

    cause: str
    remedy: str


Step = (
    Bootstrap | FinishPermit | Apply | RenewMon | Change | tuple[MakeOsd, ...] | Retire | Wait | Done | Fail
)

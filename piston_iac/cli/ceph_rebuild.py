"""`piston ceph rebuild-mons`: every mon store is gone, and one is made anew from the OSDs.

What has to be so first is judged by `plan.ceph.rebuild`, and again by each node that takes part.
"""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.devices.ceph import DEVICE, CephDriver
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.errors import DeviceRefused, PistonError, TimedOut, UnsafeChange
from piston_iac.plan.ceph.caps import ADMIN
from piston_iac.plan.ceph.rebuild import Rebuild, Refusal, plan_rebuild
from piston_iac.plan.ceph.wanted import WantedCluster, first_entities
from piston_iac.trust.secret import Secret

_ACTION = "make the mon stores anew from the OSDs"
_SHORT_S, _ANSWER_S = 10.0, 60.0
# A little longer than the node gives its program, and what it takes to send the store there and back.
_COLLECT_S, _INSTALL_S = 1200.0, 300.0
_POLL_S = 1.0
_UNDONE = "No mon store was made; OSDs that were read stay stopped."
_LOST = (
    "No data is lost. Gone is what only mons kept: keys of entities that are not this site's own, the "
    "cluster's options and config keys, settings of mgr modules, file systems, the logs, and pools that were "
    "just being made.",
    "`pulumi up` goes on: it puts the cluster's stamp and caps back, starts OSDs, and the other mons join.",
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Storage:
    """The cluster as it is wanted, the ways to its nodes, and the keys by entity."""

    wanted: WantedCluster
    agents: Mapping[str, NodeAgentClient]
    driver: CephDriver
    keys: Mapping[str, str]


def storage_of(
    wanted: WantedCluster, agents: Mapping[str, NodeAgentClient], keys: Mapping[str, str]
) -> Storage:
    """Put together what `rebuild_mons` works with."""
    return Storage(wanted, agents, CephDriver(agents, tuple(wanted.mons), Secret(keys[ADMIN])), keys)


def rebuild_mons(storage: Storage, without: Collection[str], say: Say) -> None:
    """Make a mon store from the OSDs, and have one mon run on it.

    Args:
        without: nodes that are left out, because they do not come back.
        say: tells the operator one line.
    Raises:
        UnsafeChange: it may not be done; all reasons at once. PistonError: a node's own reason.
    """
    reports = storage.driver.reports(Deadline.after(_SHORT_S))
    plan = plan_rebuild(storage.wanted, reports, without)
    if isinstance(plan, Refusal):
        remedy = (
            "Bring the nodes back with `pulumi up`. What does not come back is left out by `--without NODE`."
        )
        raise UnsafeChange(DEVICE, _ACTION, "; ".join(plan.reasons), remedy)
    store = _collect(storage, plan, say)
    _install(storage, plan, store, say)
    _await_answer(storage, plan, say)
    for line in closing_words(plan):
        say(line)


def closing_words(plan: Rebuild) -> tuple[str, ...]:
    """What the operator has to know in the end."""
    if not plan.left_out:
        return _LOST
    named = ", ".join(plan.left_out)
    warning = (
        f"Left out: {named}. Wipe the local mirror of a mon host among them before it comes back: an old mon "
        "store is not to meet the new one. What was written last may be known to OSDs left out alone."
    )
    return (*_LOST, warning)


def collected(store: bytes) -> frozenset[int]:
    """The numbers of the OSDs whose maps are in a store on its way.

    Raises:
        ValueError: it is none.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(store)) as tar:
            listed = tar.extractfile(ceph_layout.COLLECTED)
            if listed is None:
                raise ValueError("its list of OSDs is no file")
            return frozenset(int(number) for number in json.load(listed))
    except (tarfile.TarError, KeyError) as error:
        raise ValueError(str(error)) from error


def _collect(storage: Storage, plan: Rebuild, say: Say) -> bytes:
    store, expected = b"", set[int]()
    for node, numbers in plan.collect.items():
        action, began = "read the maps of its OSDs", time.monotonic()
        remedy = f"{_UNDONE} Repair {node}, or leave it out with `--without {node}`, then run again."
        store = _run(storage, node, ceph_layout.MON_COLLECT, store, (action, remedy), _COLLECT_S)
        expected |= set(numbers)
        try:
            missing = expected - collected(store)
        except ValueError as error:
            raise DeviceRefused(node, action, str(error), "Run a release that fits.") from error
        if missing:
            cause = f"OSD {_listed(missing)} was on its disks a moment ago, and is not any more"
            raise DeviceRefused(node, action, cause, f"{_UNDONE} See its disks, then run again.")
        took_s = time.monotonic() - began
        say(f"{node}: maps of OSD {_listed(numbers)} read, {len(store) // 1024} KiB so far, {took_s:.0f} s")
    return store


def _install(storage: Storage, plan: Rebuild, store: bytes, say: Say) -> None:
    node = plan.mon
    entities = {
        name: {"key": storage.keys[name], "caps": caps}
        for name, caps in first_entities(storage.wanted.mgrs).items()
    }
    address = storage.wanted.mons[node]
    request = {"node": node, "fsid": storage.wanted.fsid, "address": address, "entities": entities}
    line = json.dumps(request).encode() + b"\n"
    told = (
        "make its mon from the OSDs' maps",
        f"Repair {node}, then run again, or `pulumi up` if it is there.",
    )
    _run(storage, node, ceph_layout.MON_INSTALL, line + store, told, _INSTALL_S)
    say(f"{node}: mon store made, mon started")


def _await_answer(storage: Storage, plan: Rebuild, say: Say) -> None:
    deadline = Deadline.after(_ANSWER_S)
    expected = {number for numbers in plan.collect.values() for number in numbers}
    while True:
        reports = storage.driver.reports(deadline.within(_SHORT_S))
        cluster = storage.driver.observe(reports, deadline)
        if cluster is not None:
            break
        if deadline.over():
            cause = f"the new mon did not answer within {_ANSWER_S:g} s"
            raise TimedOut(plan.mon, "have its mon answer", cause, "See `journalctl` at its console.")
        deadline.pause(_POLL_S)
    if cluster.fsid != storage.wanted.fsid:
        cause = f"the mons belong to cluster {cluster.fsid}, not to {storage.wanted.fsid}"
        raise DeviceRefused(plan.mon, "check its mon", cause, "Check ceph.conf of the mon hosts.")
    unknown = expected - set(cluster.osds)
    if unknown == expected:
        cause = f"it knows none of the OSDs {_listed(expected)}"
        raise DeviceRefused(
            plan.mon, "check its mon", cause, "Start no OSD. See `piston ceph run SITE -- osd dump`."
        )
    say(f"{plan.mon}: answers as cluster {cluster.fsid} with {len(cluster.osds)} OSDs")
    if unknown:
        say(f"OSD {_listed(unknown)} is on a disk and in no map: it was taken out of the cluster before")


def _run(
    storage: Storage, node: str, program: str, given: bytes, told: tuple[str, str], limit_s: float
) -> bytes:
    """Run a program; what it printed. `told`: the action and the remedy, for errors."""
    try:
        done = storage.agents[node].run_program(program, given, Deadline.after(limit_s))
    except PistonError as error:
        raise type(error)(node, told[0], error.cause, told[1]) from error
    if done.status != 0:
        raise DeviceRefused(node, told[0], done.errors or f"exit status {done.status}", told[1])
    return done.output


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))

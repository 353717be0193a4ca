"""A rack with cluster storage in one process: it does what the steps say, as nodes and mons would.

Small, but with the traps of the real one: a mon that joins needs a quorum, `osd new` and mkfs are two
things, a permit is used once, data moves in steps, a wiped disk is blank.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from piston_iac.ceph_layout import osd_service
from piston_iac.node_report import Clock, Disk, MirrorState, NodeReport
from piston_iac.plan.ceph.actions import (
    NEW_STAMP,
    Apply,
    Attempt,
    Bootstrap,
    Change,
    FinishPermit,
    Look,
    MakeOsd,
    Permit,
    RenewMon,
    Retire,
    Step,
)
from piston_iac.plan.ceph.caps import ADMIN, ADMIN_CAPS, MGR_CAPS, osd_caps
from piston_iac.plan.ceph.layout import osd_uuid
from piston_iac.plan.ceph.seen import Capacity, Cluster, Entity, Health, Osd, Pool
from piston_iac.plan.ceph.wanted import WantedCluster

FSID = "00000000-0000-4000-8000-00000000000a"
OTHER = "00000000-0000-4000-8000-00000000000b"


def wanted(*nodes: str) -> WantedCluster:
    """Three mons on the first three nodes, an OSD disk each."""
    return WantedCluster(
        fsid=FSID,
        mons={node: f"10.30.20.1{node[1:]}" for node in nodes[:3]},
        mgrs=tuple(nodes[1:3]),
        osds={f"{node}-osd": node for node in nodes},
    )


@dataclass
class Node:
    """What is on one machine. `disk` is the marker of its OSD disk."""

    name: str
    answers: bool = True
    store: bool = False
    mon_runs: bool = False
    disk: str = "blank"
    osd_runs: bool = False

    def report(self, mon_host: bool) -> NodeReport | None:
        if not self.answers:
            return None
        own = self.disk.startswith(f"osd:{FSID}/")
        services = {osd_service(f"{self.name}-osd"): _state(own, self.osd_runs)}
        if mon_host:
            services["ceph-mon"] = _state(self.store, self.mon_runs)
        return NodeReport(
            node=self.name,
            boot_id="b",
            hardware_uuid="u",
            seal_key="",
            release="r",
            image_digest="",
            document="d",
            phase="settled",
            progress="",
            fault="",
            files={},
            units={},
            disks=(Disk(f"{self.name}-osd", 1, self.disk, self.osd_runs),),
            mirror=MirrorState("healthy", "", "raid10", ()),
            gateway="",
            interfaces=(),
            clock=Clock(True, 0.0, ()),
            writes=0,
            uplink="up",
            services=services,
        )


def _state(here: bool, runs: bool) -> str:
    return ("running" if runs else "stopped") if here else "absent"


@dataclass
class Rack:
    """The whole rack. `clusters` counts how often one was made: a second one ends somebody's data."""

    nodes: dict[str, Node]
    mon_hosts: tuple[str, ...]
    permit: Permit | None = None
    mons: dict[str, str] = field(default_factory=dict)
    osds: dict[int, Osd] = field(default_factory=dict)
    auth: dict[str, Entity] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    clusters: int = 0
    wiped: list[str] = field(default_factory=list)
    moving: int = 0
    empty_hosts: tuple[str, ...] = ()
    stamp: str = ""
    pools: dict[str, Pool] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def quorum(self) -> tuple[str, ...]:
        alive = [
            n for n in self.mons if self.nodes[n].answers and self.nodes[n].store and self.nodes[n].mon_runs
        ]
        return tuple(alive) if len(alive) > len(self.mons) // 2 else ()

    def look(self, given_up: frozenset[str] = frozenset()) -> Look:
        reports = {name: node.report(name in self.mon_hosts) for name, node in self.nodes.items()}
        return Look(reports, self._cluster(), self.permit, given_up)

    def _cluster(self) -> Cluster | None:
        quorum = self.quorum()
        if not quorum:
            return None
        moving = {"active+remapped": 1} if self.moving else {}
        self.moving = max(0, self.moving - 1)
        osds = {
            number: replace(osd, up=self._runs(osd), fresh=osd.fresh and not self._runs(osd))
            for number, osd in self.osds.items()
        }
        self.osds = osds
        return Cluster(
            fsid=FSID,
            born=self.stamp,
            mons=dict(self.mons),
            quorum=quorum,
            mgrs=tuple(n for n in ("n2", "n3") if f"mgr.{n}" in self.auth and n in self.quorum()),
            osds=osds,
            flags=self.flags,
            pools=dict(self.pools),
            rules={},
            options=dict(self.options),
            auth=dict(self.auth),
            health=Health("HEALTH_OK"),
            capacity=Capacity(1, 0),
            pgs={"active+clean": 8, **moving},
            empty_hosts=self.empty_hosts,
            removable=frozenset(n for n, osd in osds.items() if not osd.is_in and not moving),
        )

    def remove_mon(self, name: str) -> None:
        """Its daemon ends, and may not start on that store again."""
        self.mons.pop(name)
        self.removed.add(name)
        self.nodes[name].mon_runs = False

    def _runs(self, osd: Osd) -> bool:
        node = self.nodes.get(osd.host)
        return bool(node and node.answers and node.osd_runs and osd.uuid in node.disk)

    # What the steps do; each is cut into the pieces between which a run can be killed.
    def doing(self, step: Step, attempt: Attempt) -> Iterator[Attempt]:
        match step:
            case Bootstrap(node, instead_of):
                yield from self._bootstrap(node, instead_of, attempt)
            case FinishPermit():
                assert self.permit
                self.permit = Permit(self.permit.node, "finished")
                yield attempt
            case Apply(nodes, _):
                yield from self._tell(nodes, attempt)
            case RenewMon(name):
                self._renew_mon(name)
                yield attempt
            case Change(_, commands, keys):
                for position, command in enumerate(commands):
                    self._command(command, keys.get(position))
                    yield attempt
            case Retire(osd):
                yield from self._retire(osd, attempt)
            case tuple():
                for osd in step:
                    yield from self._make(osd, attempt)

    def _tell(self, nodes: tuple[str, ...], attempt: Attempt) -> Iterator[Attempt]:
        for name in nodes:
            self._apply(self.nodes[name])
            yield attempt
        yield replace(attempt, told={**attempt.told, **{n: attempt.told.get(n, 0) + 1 for n in nodes}})

    def _retire(self, osd: Osd, attempt: Attempt) -> Iterator[Attempt]:
        node = self.nodes[osd.host]
        node.osd_runs = False
        yield attempt
        node.disk = "blank"
        yield attempt
        del self.osds[osd.number]
        self.empty_hosts = (osd.host,)
        yield attempt

    def _renew_mon(self, name: str) -> None:
        assert name not in self.mons, "the others still count on it"
        self.nodes[name].mon_runs = self.nodes[name].store = False
        self.removed.discard(name)

    def _bootstrap(self, name: str, instead_of: str, attempt: Attempt) -> Iterator[Attempt]:
        assert self.permit is None or self.permit.node in (name, instead_of), "a permit of another node"
        assert self.permit is None or self.permit.state != "finished", "made before"
        self.permit = Permit(name, "issued")
        yield attempt
        self.permit = Permit(name, "used")
        yield attempt
        self.clusters += 1
        self.mons = {name: "address"}
        self.auth = {
            ADMIN: Entity("", ADMIN_CAPS),
            **{f"mgr.{n}": Entity("", MGR_CAPS) for n in ("n2", "n3")},
        }
        self.nodes[name].store = True
        yield attempt
        self.nodes[name].mon_runs = True
        yield attempt

    def _apply(self, node: Node) -> None:
        if node.name in self.mon_hosts and not node.store and self.quorum():
            node.store = True
        if node.store and node.name not in self.removed:
            node.mon_runs = True
            self.mons.setdefault(node.name, "address")
        node.osd_runs = node.disk.startswith(f"osd:{FSID}/")

    def _make(self, step: MakeOsd, attempt: Attempt) -> Iterator[Attempt]:
        node = self.nodes[step.node]
        if node.disk != "blank" and not node.disk.startswith("osd:/"):
            assert step.erase, f"would overwrite {node.disk}"
            self.wiped.append(node.disk)
        node.disk = f"osd:/{step.uuid}/"
        yield attempt
        node.disk = f"osd:{FSID}/{step.uuid}/{step.number}"
        yield attempt
        node.osd_runs = True
        yield attempt

    def _command(self, command: dict[str, object], key: str | None) -> None:
        match command["prefix"]:
            case "osd new":
                number = int(str(command.get("id", len(self.osds))))
                host = next(n for n in self.nodes if osd_uuid(FSID, f"{n}-osd") == command["uuid"])
                self.osds[number] = Osd(number, str(command["uuid"]), False, True, True, False, host, "hdd")
                # As Ceph makes it: with its own, wide profile.
                self.auth[f"osd.{number}"] = Entity("", {"mon": "allow profile osd"})
                assert key == f"osd/{host}-osd"
            case "osd destroy-actual":
                number = int(str(command["id"]))
                self.osds[number] = replace(self.osds[number], uuid=str(uuid.UUID(int=0)), destroyed=True)
                self.auth.pop(f"osd.{number}")
            case "osd in" | "osd out" as verb:
                for text in command["ids"]:  # type: ignore[attr-defined]
                    self.osds[int(text)] = replace(self.osds[int(text)], is_in=verb == "osd in")
                self.moving = 2
            case _:
                self._setting(command)

    def _setting(self, command: dict[str, object]) -> None:
        match command["prefix"]:
            case "osd crush rm":
                self.empty_hosts = ()
            case "osd unset":
                self.flags = tuple(flag for flag in self.flags if flag != command["key"])
            case "config rm":
                self.options.pop(f"{command['who']}/{command['name']}")
            case "config-key set":
                value = str(command["val"])
                self.stamp = f"birth {self.clusters}" if value == NEW_STAMP else value
            case "osd crush set-device-class":
                (text,) = command["ids"]  # type: ignore[misc]
                number = int(text)
                self.osds[number] = replace(self.osds[number], device_class=str(command["class"]))
            case "mon remove":
                self.remove_mon(str(command["name"]))
            case "auth caps":
                entity = str(command["entity"])
                assert entity.startswith("osd.")
                self.auth[entity] = Entity("", osd_caps(int(entity.removeprefix("osd."))))
            case _:
                self._removal(command)

    def _removal(self, command: dict[str, object]) -> None:
        match command["prefix"]:
            case "auth rm":
                self.auth.pop(str(command["entity"]))
            case "osd pool delete":
                assert self.options["mon/mon_allow_pool_delete"] == "true"
                assert self.pools.pop(str(command["pool"])).objects == 0
            case "config set":
                self.options[f"{command['who']}/{command['name']}"] = str(command["value"])
            case other:
                raise AssertionError(f"unknown command {other}")


def rack(*names: str) -> Rack:
    """Nodes that answer, with blank disks, and nothing made."""
    return Rack({name: Node(name) for name in names}, names[:3])

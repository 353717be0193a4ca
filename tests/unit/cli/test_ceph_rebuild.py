"""`piston ceph rebuild-mons`: the order of its calls, what goes along, what the operator reads."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from piston_iac import ceph_layout
from piston_iac.cli.ceph_rebuild import Storage, collected, rebuild_mons
from piston_iac.devices.ceph import CephDriver
from piston_iac.devices.node_agent import NodeAgentClient, ProgramResult
from piston_iac.errors import DeviceRefused, PistonError, Unreachable, UnsafeChange
from piston_iac.node_programs.mon_rebuild_tar import pack
from piston_iac.plan.ceph.caps import ADMIN
from piston_iac.plan.ceph.seen import Osd
from tests.unit.plan.ceph.rack import FSID, Rack, rack, wanted

NODES = ("n1", "n2", "n3")
KEYS = {ADMIN: "AQadmin", "mgr.n2": "AQtwo", "mgr.n3": "AQthree"}


@dataclass
class Agent:
    """A node: adds its OSD to the store that comes along, or makes its mon of it."""

    site: Rack
    node: str
    number: int
    calls: list[str]
    requests: list[dict[str, Any]]
    fails: PistonError | ProgramResult | None = None
    forgets: bool = False

    def run_program(self, name: str, stdin: bytes, deadline: object) -> ProgramResult:
        self.calls.append(f"{name} {self.node}")
        if isinstance(self.fails, PistonError):
            raise self.fails
        if self.fails is not None:
            return self.fails
        if name == ceph_layout.MON_COLLECT:
            stream = io.BytesIO()
            own = set() if self.forgets else {self.number}
            pack(Path("/nowhere"), sorted({*(collected(stdin) if stdin else ()), *own}), stream)
            return ProgramResult(0, stream.getvalue(), "")
        assert name == ceph_layout.MON_INSTALL
        line, _, store = stdin.partition(b"\n")
        self.requests.append({**json.loads(line), "osds": sorted(collected(store))})
        node = self.site.nodes[self.node]
        node.store = node.mon_runs = True
        self.site.mons = {self.node: "address"}
        return ProgramResult(0, b"{}", "")


@dataclass
class Driver:
    """What the cluster looks like from the operator's side."""

    site: Rack

    def reports(self, deadline: object) -> object:
        return self.site.look().reports

    def observe(self, reports: object, deadline: object) -> object:
        return self.site.look().cluster


@dataclass
class Bench:
    """A rack whose mon stores are gone, and what was called and said."""

    site: Rack = field(default_factory=lambda: rack(*NODES))
    calls: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, node in enumerate(self.site.nodes.values()):
            node.disk = f"osd:{FSID}/uuid/{number}"
            self.site.osds[number] = Osd(number, "uuid", False, True, False, False, node.name, "hdd")
        self.agents = {
            node: Agent(self.site, node, number, self.calls, self.requests)
            for number, node in enumerate(NODES)
        }

    def run(self, *without: str) -> None:
        agents = cast("dict[str, NodeAgentClient]", self.agents)
        storage = Storage(wanted(*NODES), agents, cast(CephDriver, Driver(self.site)), KEYS)
        rebuild_mons(storage, without, self.said.append)


def test_every_osd_is_read_then_one_mon_is_made() -> None:
    bench = Bench()
    bench.run()
    collect, install = ceph_layout.MON_COLLECT, ceph_layout.MON_INSTALL
    assert bench.calls == [f"{collect} n1", f"{collect} n2", f"{collect} n3", f"{install} n1"]
    (request,) = bench.requests
    assert (request["node"], request["fsid"], request["address"]) == ("n1", FSID, "10.30.20.11")
    assert request["osds"] == [0, 1, 2]
    assert {name: it["key"] for name, it in request["entities"].items()} == KEYS
    assert [line.partition(":")[0] for line in bench.said[:5]] == ["n1", "n2", "n3", "n1", "n1"]
    assert "No data is lost" in bench.said[5]
    assert "`pulumi up` goes on" in bench.said[6]
    assert not any(key in line for line in bench.said for key in KEYS.values())


def test_nothing_is_called_when_it_may_not_be() -> None:
    bench = Bench()
    bench.site.nodes["n2"].answers = False
    bench.site.nodes["n3"].store = True
    with pytest.raises(UnsafeChange) as caught:
        bench.run()
    assert "n2 does not answer" in str(caught.value)
    assert "n3 has a whole mon store" in str(caught.value)
    assert bench.calls == []


def test_who_is_left_out_is_said_at_the_end() -> None:
    bench = Bench()
    bench.site.nodes["n1"].answers = False
    bench.run("n1")
    assert bench.requests[0]["node"] == "n2"
    assert bench.said[-1].startswith("Left out: n1. Wipe the local mirror")


@pytest.mark.parametrize(
    ("fails", "kind", "cause"),
    [
        (ProgramResult(1, b"", "the maps of OSD 1 cannot be read"), DeviceRefused, "the maps of OSD 1"),
        (Unreachable("agent of n2", "run it", "no answer", "See n2."), Unreachable, "no answer"),
    ],
)
def test_a_node_that_fails_is_named_and_no_mon_is_made(fails: Any, kind: Any, cause: str) -> None:
    bench = Bench()
    bench.agents["n2"] = replace(bench.agents["n2"], fails=fails)
    with pytest.raises(kind) as caught:
        bench.run()
    assert str(caught.value).startswith("n2: could not read the maps of its OSDs: ")
    assert cause in str(caught.value)
    assert "--without n2" in str(caught.value)
    assert bench.requests == []


def test_an_osd_that_is_not_in_the_store_stops_it() -> None:
    bench = Bench()
    bench.agents["n3"] = replace(bench.agents["n3"], forgets=True)
    with pytest.raises(DeviceRefused, match="OSD 2 was on its disks"):
        bench.run()
    assert bench.requests == []


def test_an_osd_that_was_taken_out_before_is_said() -> None:
    bench = Bench()
    del bench.site.osds[1]
    bench.run()
    assert "OSD 1 is on a disk and in no map: it was taken out of the cluster before" in bench.said


def test_a_mon_that_knows_none_of_the_osds_is_no_success() -> None:
    bench = Bench()
    bench.site.osds.clear()
    with pytest.raises(DeviceRefused, match="knows none of the OSDs"):
        bench.run()
    assert not any("No data is lost" in line for line in bench.said)

"""Two stacks share a switch: each has VLANs, routes and a port of its own, and loses none to the other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.switch.ovsdb import OvsdbSwitch
from tests.contract.switch.rig import Ovs
from tests.contract.switch.writer import port, route, vlan

CHECKOUT = Path(__file__).parents[3]
ROUNDS = 20
OWN = {"n1-data": 1000, "n2-data": 2000}
"""The writers: first VLAN id of each, by its port."""


@dataclass(frozen=True)
class Writer:
    """One of the processes."""

    process: subprocess.Popen[str]

    def begin(self, number: int) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()

    def said(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@contextmanager
def writer(address: str, first_vid: int, name: str) -> Iterator[Writer]:
    """A process that writes when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.switch.writer", address, str(first_vid), name],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        made = Writer(process)
        assert made.said() == "ready"
        yield made
    finally:
        process.kill()
        process.communicate()


@pytest.mark.usefixtures("l3", "factory_ports")
def test_two_processes_at_once_lose_nothing(ovs: Ovs, switch: OvsdbSwitch) -> None:
    begun = ovs.transactions()
    with ExitStack() as opened:
        writers = [
            opened.enter_context(writer(ovs.address, first_vid, name)) for name, first_vid in OWN.items()
        ]
        for number in range(ROUNDS):
            for it in writers:
                it.begin(number)
            assert [it.said() for it in writers] == ["done", "done"], f"round {number}"
            check_round(ovs, switch, number)
    # Each made five changes a round, the first round without the two that take away.
    assert ovs.transactions() - begun >= len(OWN) * (5 * ROUNDS - 2)


def check_round(ovs: Ovs, switch: OvsdbSwitch, number: int) -> None:
    """The switch has all that both made in this round, and nothing of the round before."""
    vlans = {f"vlan{vlan(first_vid, number).vid}" for first_vid in OWN.values()}
    assert {name for name in ovs.vsctl("list-ports", "sw").split() if name.startswith("vlan")} == vlans
    soon = Deadline.after(10)
    assert set(switch.get_routes(soon)) == {route(first_vid, number) for first_vid in OWN.values()}
    for name, first_vid in OWN.items():
        wanted = vlan(first_vid, number)
        assert switch.get_vlan(wanted.vid, soon) == wanted
        assert switch.get_port(name, soon) == port(first_vid, number, name)


@pytest.mark.usefixtures("l3")
def test_both_make_the_vlan_that_they_share(ovs: Ovs, switch: OvsdbSwitch) -> None:
    shared = vlan(3000, 0)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(ROUNDS):
            both = [
                pool.submit(OvsdbSwitch("data", ovs.address).put_vlan, shared, Deadline.after(30))
                for _ in range(8)
            ]
            for job in both:
                job.result()
            assert switch.get_vlan(shared.vid, Deadline.after(10)) == shared
            switch.delete_vlan(shared.vid, Deadline.after(10))
